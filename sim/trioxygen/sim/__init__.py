"""Simulator: whole clusters on virtual time, with faulty disks and networks, from one seed.

It runs the production code with a different `Runtime`; production code never imports it, and it is
not part of the wheel.
"""
