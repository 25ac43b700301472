"""Recipes: jobs (5.8)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("ecs.jobs.show")
def _job(use: Ingredients) -> Request:
    return Request({"job_id": use.job()})
