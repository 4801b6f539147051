"""`o3 admin safemode ...`: what a new leader of the SCM waits for before it repairs."""

from typing import Annotated, Any

import typer

from trioxygen.cli.client.admin import find
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import print_columns, print_json
from trioxygen.cli.progress import Step, waited

app = typer.Typer(
    help="Safe mode of the SCM: which rule waits for what.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("status")
def status(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until it is off.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Shows the rules of safe mode, and what each of them waits for."""
    client = find(data, admin_url)
    if wait:
        view = waited(lambda: _step(client.get("safe-mode")), "safe mode", as_json=as_json)
    else:
        view = client.get("safe-mode")
    _print(view, as_json)


def _step(view: dict[str, Any]) -> tuple[Step, dict[str, Any]]:
    rules = view["rules"]
    waits_for = [f"{rule['name']}: {rule['waits_for']}" for rule in rules if not rule["passed"]]
    passed = len(rules) - len(waits_for)
    return Step(passed, len(rules), "; ".join(waits_for), is_over=not view["is_on"]), view


@app.command("exit")
def exit_safe_mode(
    data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None, as_json: JsonOption = False
) -> None:
    """Ends safe mode at once. What has not been reported counts as lost, and is made anew."""
    _print(find(data, admin_url).post("safe-mode/exit", {}), as_json)


def _print(view: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(view)
        return
    state = "on" if view["is_on"] else "off"
    if view["forced"]:
        state += ", ended by an operator"
    print(f"safe mode of {view['node_id']}: {state}")
    print_columns(
        ("RULE", "PASSED", "WAITS FOR"),
        [
            (rule["name"], "yes" if rule["passed"] else "no", rule["waits_for"])
            for rule in view["rules"]
        ],
    )
