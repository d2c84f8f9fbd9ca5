from dispatch.management.commands import evaluate_dispatch


class Command(evaluate_dispatch.Command):
    """Categories are learned as departments are, by the same code, from the words alone; so they are measured alike."""

    help = "Learns categories from one CSV file and measures on another (title, body, topic). Touches no database row."
