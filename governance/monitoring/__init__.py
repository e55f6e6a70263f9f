"""What happens to a system in use: indicators with their readings, alerts, incidents and near misses."""
