"""Say at how many records each cost passes its limit. `python -m tests.benchmarks.scaling` prints the table.

Nothing is measured here. Each cost is a line through two measured points, which docs/scaling.md explains.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ScalingCost:
    """A cost that was measured at two numbers of records. `limit` is the most that is acceptable, in `unit`."""

    what: str
    unit: str
    few: tuple  # the number of records and the cost
    many: tuple
    limit: float
    aim: int  # the number of records to plan for

    @property
    def slope(self):
        (few, cost), (many, most) = self.few, self.many
        return (most - cost) / (many - few)

    def at(self, count):
        """Return the cost at a number of records."""
        return self.few[1] + self.slope * (count - self.few[0])

    @property
    def breaks_at(self):
        """Return the number of records at which the cost reaches its limit."""
        return self.few[0] + (self.limit - self.few[1]) / self.slope


FEW, MANY, PROJECTS = 20_223, 1_000_223, 10_000_000
CONTENT, LOAD = 223, 200_223
INDICATORS, OBSERVATIONS = 59, 100_000_000  # the observations are spread evenly over the indicators
COSTS = (
    ScalingCost("list of indicators", "s", (8_822, 0.029), (58_360, 0.077), 1, OBSERVATIONS),
    ScalingCost("page of an indicator", "s", (462 * INDICATORS, 0.049), (50_000 * INDICATORS, 0.459), 1, OBSERVATIONS),
    ScalingCost(
        "file of an indicator (CSV)", "s", (462 * INDICATORS, 0.012), (50_000 * INDICATORS, 0.345), 30, OBSERVATIONS
    ),
    ScalingCost("table of observations", "GB", (8_822, 0.0007), (58_360, 0.0087), 100, OBSERVATIONS),
    ScalingCost("brief", "s", (FEW, 0.0933), (LOAD, 0.1008), 1, PROJECTS),
    ScalingCost("list of projects, with a search", "s", (FEW, 0.0328), (LOAD, 0.0752), 1, PROJECTS),
    ScalingCost("first start after a load", "s", (CONTENT, 0.42), (LOAD, 5.3), 60, PROJECTS),
    ScalingCost("memory of a process", "GB", (FEW, 0.235), (MANY, 0.528), 1, PROJECTS),
    ScalingCost("count of the search index (/readyz)", "s", (FEW, 0.0118), (MANY, 0.283), 0.5, PROJECTS),
    ScalingCost("sitemap", "s", (FEW, 0.0081), (MANY, 0.0397), 5, PROJECTS),
    ScalingCost("search index", "GB", (FEW, 0.353), (MANY, 14.6), 16, PROJECTS),
    ScalingCost("database", "GB", (FEW, 0.475), (MANY, 19.0), 100, PROJECTS),
    ScalingCost("file of all projects (CSV)", "s", (0, 0), (100_000, 3.1), 120, PROJECTS),
    ScalingCost("list of projects, three filters", "s", (FEW, 0.0349), (MANY, 0.0418), 1, PROJECTS),
)


def table():
    """Return the costs as a table in Markdown, in the order in which they break on the way to the aim."""
    lines = [
        "| Cost | Measured | At the aim | Limit | Reached at | Of the aim |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for cost in sorted(COSTS, key=lambda cost: cost.breaks_at / cost.aim):
        kind = "observations" if cost.aim == OBSERVATIONS else "projects"
        lines.append(
            f"| {cost.what} | {cost.many[1]:.3g} {cost.unit} | {cost.at(cost.aim):.3g} {cost.unit} | {cost.limit:g} "
            f"{cost.unit} | {float(f'{cost.breaks_at:.2g}'):,.0f} {kind} | {cost.breaks_at / cost.aim:.0%} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
