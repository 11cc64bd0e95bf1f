"""Requirements, terms and facts in words, English and Chinese, as policy pages and verdicts print them."""

from registry.policy.facts import Facts, FactType, FactValue
from registry.policy.kinds import Fixed, Interval, Percent, PerUnit, ScoredRange, Terms
from registry.policy.requirements import (
    Anchor,
    CodeRequired,
    FlagRequired,
    NumberRequired,
    Requirement,
    ShareRequired,
)
from registry.policy.vocabulary import Words, vocabulary
from registry.values.money import Money

_NO_WORDS = Words("", "")
_OTHERS = Words(" (others by a recorded decision)", "（其他须有书面决定）")


def requirement_words(requirement: Requirement) -> Words:
    """Return what a requirement asks, in words."""
    words = vocabulary()
    if isinstance(requirement, FlagRequired):
        return words.fact(requirement.fact)
    if isinstance(requirement, NumberRequired):
        label, lies = words.fact(requirement.fact), interval_words(requirement.interval, requirement.fact)
        return Words(f"{label.en}: {lies.en}", f"{label.zh}：{lies.zh}")
    if isinstance(requirement, CodeRequired):
        label = words.fact(requirement.fact)
        named = [words.code(each) for each in requirement.one_of]
        others = (
            Words(" (others by a recorded decision)", "（其他须有书面决定）") if requirement.admitted_by else _NO_WORDS
        )
        return Words(
            f"{label.en}: {', '.join(each.en for each in named)}{others.en}",
            f"{label.zh}：{'、'.join(each.zh for each in named)}{others.zh}",
        )
    if isinstance(requirement, ShareRequired):
        part, whole = words.fact(requirement.part), words.fact(requirement.whole)
        least = Words("at least", "达到") if requirement.least_included else Words("more than", "超过")
        return Words(
            f"{part.en}: {least.en} {requirement.least} of {whole.en}",
            f"{part.zh}占{whole.zh}的比例{least.zh}{requirement.least}",
        )
    label = words.fact(requirement.fact)
    if requirement.anchor is Anchor.TERM_FIRST:
        return Words(f"{label.en}: not before the policy's first day", f"{label.zh}：不早于政策施行首日")
    return Words(
        f"filed within {requirement.months} months of the {label.en}", f"自{label.zh}起{requirement.months}个月内申报"
    )


def terms_words(terms: Terms) -> Words:
    """Return what an instrument pays, in words."""
    if isinstance(terms, Percent):
        return _percent(terms)
    if isinstance(terms, Fixed):
        return _fixed(terms)
    if isinstance(terms, PerUnit):
        return _per_unit(terms)
    if isinstance(terms, ScoredRange):
        return Words(f"{terms.least} to {terms.most} by score", f"按评分 {terms.least} 至 {terms.most}")
    total = terms_words(terms.total)
    shares = ", ".join(str(each.share) for each in terms.instalments)
    within = terms.within_months
    return Words(
        f"{total.en}; paid by {terms.per}: {shares}{f', within {within} months' if within else ''}",
        f"{total.zh}；分期发放：{shares}{f'，{within}个月内兑现' if within else ''}",
    )


def _percent(terms: Percent) -> Words:
    base = vocabulary().fact(terms.base)
    most = Words("at most ", "最高不超过") if terms.at_most else _NO_WORDS
    if not terms.tiers:
        return Words(f"{most.en}{terms.rate} of {base.en}", f"{base.zh}的{most.zh}{terms.rate}")
    measure = vocabulary().fact(terms.measure)
    parts = [(interval_words(each.interval, terms.measure), each.rate) for each in terms.tiers]
    return Words(
        f"{base.en}, by {measure.en}: " + "; ".join(f"{lies.en}: {rate}" for lies, rate in parts),
        f"{base.zh}，按{measure.zh}：" + "；".join(f"{lies.zh}：{rate}" for lies, rate in parts),
    )


def _fixed(terms: Fixed) -> Words:
    measure = vocabulary().fact(terms.measure)
    if terms.codes:
        named = [(vocabulary().code(each.code), each.amount) for each in terms.codes]
        return Words(
            f"by {measure.en}: " + "; ".join(f"{code.en}: {amount}" for code, amount in named),
            f"按{measure.zh}：" + "；".join(f"{code.zh}：{amount}" for code, amount in named),
        )
    tiers = [(interval_words(each.interval, terms.measure), _most(each.at_most), each.amount) for each in terms.tiers]
    return Words(
        f"by {measure.en}: " + "; ".join(f"{lies.en}: {most.en}{amount}" for lies, most, amount in tiers),
        f"按{measure.zh}：" + "；".join(f"{lies.zh}：{most.zh}{amount}" for lies, most, amount in tiers),
    )


def _per_unit(terms: PerUnit) -> Words:
    words = vocabulary()
    unit = words.fact(terms.unit)
    step = Words(f"each full {terms.step:,} of ", f"每满{terms.step:,}的") if terms.step > 1 else _NO_WORDS
    if terms.price_fact:
        price = words.fact(terms.price_fact)
    elif terms.prices:
        tiers = [(interval_words(one.interval, terms.measure), _most(one.at_most), one.amount) for one in terms.prices]
        price = Words(
            "; ".join(f"{lies.en}: {most.en}{amount}" for lies, most, amount in tiers),
            "；".join(f"{lies.zh}：{most.zh}{amount}" for lies, most, amount in tiers),
        )
    else:
        price = Words(str(terms.price), str(terms.price))
    if terms.prices:
        price = Words(f"({price.en})", f"（{price.zh}）")
    en, zh = f"{price.en} × {step.en}{unit.en}", f"{price.zh} × {step.zh}{unit.zh}"
    if terms.units_max:
        en, zh = f"{en}, at most {terms.units_max:,}", f"{zh}，最多{terms.units_max:,}"
    if terms.each_max:
        en, zh = f"{en}, at most {terms.each_max} of one person", f"{zh}，每人最多{terms.each_max}"
    if terms.limits:
        measure = words.fact(terms.limit_measure)
        limits = [
            (interval_words(one.interval, terms.limit_measure), _most(one.at_most), one.units) for one in terms.limits
        ]
        en += f"; by {measure.en}: " + "; ".join(f"{lies.en}: {most.en}{units}" for lies, most, units in limits)
        zh += f"；按{measure.zh}：" + "；".join(f"{lies.zh}：{most.zh}{units}" for lies, most, units in limits)
    return Words(en, zh)


def _most(at_most: bool) -> Words:
    return Words("at most ", "最高") if at_most else _NO_WORDS


def interval_words(interval: Interval, fact: str) -> Words:
    """Return which numbers lie in an interval; the ends are said as the clause includes or excludes them."""
    least = _number(fact, interval.least)
    if interval.most is None:
        return Words(
            f"{least} or more" if interval.least_included else f"more than {least}",
            f"{least}及以上" if interval.least_included else f"超过{least}",
        )
    if interval.first == interval.last:
        only = _number(fact, interval.first)
        return Words(only, only)
    most = _number(fact, interval.most)
    return Words(
        f"{'from' if interval.least_included else 'more than'} {least} "
        f"{'to' if interval.most_included else 'to less than'} {most}",
        f"{least}{_belongs(interval.least_included)}至{most}{_belongs(interval.most_included)}",
    )


def _belongs(included: bool) -> str:
    return "（含）" if included else "（不含）"


def fact_shown(name: str, facts: Facts) -> str:
    """Return a fact as it is printed, empty when it is unknown; codes and days as they are, amounts in yuan."""
    value = facts.values.get(name)
    return "" if value is None else _shown(name, value)


def _shown(name: str, value: FactValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value[:20]) + ("…" if len(value) > 20 else "")
    return _number(name, value) if isinstance(value, int) else str(value)


def _number(name: str, number: int) -> str:
    return str(Money(number)) if vocabulary().type_of(name) is FactType.AMOUNT else f"{number:,}"
