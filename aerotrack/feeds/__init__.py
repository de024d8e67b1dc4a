"""Sources of observations: one module a kind; parse functions pure, IO thin."""
