import asyncio

from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test


def _workers(harness: ScmHarness) -> set[str]:
    running = {task.get_name() for task in asyncio.all_tasks() if not task.done()}
    return running & harness.runtime.tasks.workers.keys()


@scm_test()
async def test_stopped_scm_leaves_no_worker_behind(harness: ScmHarness) -> None:
    await harness.join()
    assert _workers(harness) == {
        "scm-answer-expiry",
        "scm-balancer",
        "scm-departures",
        "scm-namespace-garbage",
        "scm-namespace-lease-expiry",
        "scm-namespace-purge",
        "scm-node-health",
        "scm-orphans",
        "scm-pipelines",
        "scm-replication",
        "scm-safe-mode",
    }
    await harness.manager.stop()
    assert _workers(harness) == set()
