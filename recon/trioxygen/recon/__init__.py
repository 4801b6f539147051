"""Recon: follows the change feeds of OM and SCM and the DataNodes' reports; its API and web page.

It reads and shows, it never decides: nothing here may change the state of another service.
"""
