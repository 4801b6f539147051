"""SCMs under the load of many DataNodes that are not there: their protocol is."""
