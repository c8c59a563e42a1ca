"""Ranking projects by how well a text fits them; slow, so never within a transaction."""

import asyncio

from handlers.core.services import Services


async def ranked(services: Services, text: str) -> dict[str, int]:
    """Return the rank of each project by its id, the likeliest first; empty without a text."""
    if not text.strip():
        return {}
    return await asyncio.to_thread(_ranked, services, text)


def _ranked(services: Services, text: str) -> dict[str, int]:
    fits = services.knowledge.matcher.fitting(text)
    return {fit.project: rank for rank, fit in enumerate(fits)}
