"""How the deployment is."""
