"""What the scenarios share: traffic and its feeder, clients, the stage they meet on, reports."""
