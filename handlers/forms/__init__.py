"""Forms in a conversation: steps are data, and one engine asks, checks and asks again.

The form under way is a row (``drafts``), so it survives a restart and any worker can continue it.
"""
