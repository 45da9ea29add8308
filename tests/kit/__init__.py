"""What the surface tests share: a server of one's own, a person with a browser, a model, and the installed clients."""
