"""What a reader types, as clauses that either database can be asked. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise, starmap

from portal.search.analyser import (
    PARTICLES,
    SHORT_NOUNS,
    ScriptRun,
    clean,
    normal,
    number,
    pieces,
    stem,
    tokens,
    without_particle,
)

# Clauses of one question that count; a reader who types more is told.
MOST_CLAUSES = 16
LONGEST_QUERY = 400

_QUOTES = str.maketrans("“”„«»「」『』＂", '""""""""""')
_PART = re.compile(r'(?P<minus>(?<!\S)[-−–])?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')

# Words that carry a question and no subject. They count only where nothing else was asked.
FILLERS = frozenset(
    """
    a an and are as at be been by did do does for from had has have how in into is it its of on or that
    the their them there these this to was were what when where which who whose why will with about
    between not any all can could would should me my i we our you your he she they his her than then
    also many much some being done during а в во и из к ко на о об от по с со у за до для при про под
    над без не ни но или что чем как где когда кто какой какая какие какое каких сколько почему зачем
    это эта этот эти есть был была было были быть ли же бы его ее их она он они мы вы ты я между через
    после 은 는 이 가 을 를 의 에 와 과 및 등 년 월 일 개 명 그 수 것 중 위해 위한 대한 대해 하는 하고 했다
    한다 하나 있는 있다 없는 된 되는 되고 무엇 무엇을 무엇이 무슨 뭐 어떤 어떻게 어디 어디서 어디에 언제
    누가 누구 왜 얼마나 얼마 몇 이유 이유는 있나 있나요 하나요 인가 인가요 관련 관한 관련된 함께 통해 따른
    따라 사이 사이의 그리고 또는
    """.split()
)


@dataclass(frozen=True)
class Phrase:
    """Tokens that stand one after the other; of the last one perhaps only the beginning."""

    tokens: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True)
class Alternative:
    """One way in which a clause may be met: all its phrases. `weight` says how much it is what was typed, up to 1.

    `is_other_name` is True for another name of what was typed.
    """

    phrases: tuple[Phrase, ...]
    weight: float = 1.0
    is_other_name: bool = False


@dataclass(frozen=True)
class Clause:
    """One thing that was asked for, as it was typed, and the ways to meet it. `firm` ones are never let go."""

    typed: str
    ways: tuple[Alternative, ...]
    firm: bool = False


@dataclass(frozen=True)
class Query:
    """A question. `least` is how many of the clauses that are not firm a record must meet; all of them at first."""

    typed: str
    clauses: tuple[Clause, ...] = ()
    excluded: tuple[Clause, ...] = ()
    cut: bool = False
    least: int = field(default=99)

    def __bool__(self) -> bool:
        return bool(self.clauses)

    @property
    def firm(self) -> list[Clause]:
        return [clause for clause in self.clauses if clause.firm]

    @property
    def loose(self) -> list[Clause]:
        return [clause for clause in self.clauses if not clause.firm]

    @property
    def alternatives(self) -> list[tuple[Clause, ...]]:
        """The sets of clauses of which one must be met whole."""
        loose = self.loose
        least = min(self.least, len(loose))
        return [(*self.firm, *some) for some in combinations(loose, least)]

    def without_other_names(self) -> "Query":
        """Return the question as it was typed: no clause may be met by another name."""
        clauses = (
            replace(clause, ways=tuple(way for way in clause.ways if not way.is_other_name)) for clause in self.clauses
        )
        return replace(self, clauses=tuple(clauses))


def parse(text: str) -> Query:
    """The question in `text`: words, “phrases” and -exclusions. Anything is a question; some ask for nothing."""
    text = clean(text)
    cut = len(text) > LONGEST_QUERY
    text = text[:LONGEST_QUERY].translate(_QUOTES)
    wanted: list[Clause] = []
    fillers: list[Clause] = []
    excluded: list[Clause] = []
    parts = list(_PART.finditer(text))
    for place, part in enumerate(parts):
        last = place == len(parts) - 1 and not text[-1:].isspace()
        if part["phrase"] is not None:
            clauses = [clause] if (clause := _quoted(part["phrase"])) else []
        else:
            clauses = list(_words(part["word"], last=last))
        if part["minus"]:
            excluded += clauses
        else:
            for clause in clauses:
                filler = not clause.firm and clause.typed in FILLERS
                (fillers if filler else wanted).append(clause)
    wanted = list({clause.typed: clause for clause in wanted or fillers}.values())
    return Query(text.strip(), tuple(wanted[:MOST_CLAUSES]), tuple(excluded), cut or len(wanted) > MOST_CLAUSES)


def phrase_of(text: str) -> Phrase:
    """The whole of a text as one phrase, as the index keeps it."""
    return Phrase(tuple(token.text for token in tokens(clean(text))))


def _quoted(text: str) -> Clause | None:
    phrase = phrase_of(text)
    return Clause(text.strip(), (Alternative((phrase,)),), firm=True) if phrase.tokens else None


def _words(text: str, last: bool) -> Iterator[Clause]:
    """Yield the clauses of one typed word: one for each run of letters, which a hyphen or a slash may join."""
    runs = list(pieces(text))
    if (
        len(runs) == 2
        and all(len(run) == 1 and run[0].kind == "latin" for run in runs)
        and runs[0][0].end + 1 == runs[1][0].start
    ):
        (first,), (second,) = runs
        yield Clause(
            normal(text),
            (
                Alternative((Phrase((stem(first.text, "latin"), stem(second.text, "latin"))),)),
                Alternative((Phrase((stem(first.text + second.text, "latin"),)),)),
            ),
        )
        return
    for place, run in enumerate(runs):
        clause = _word(run, last=last and place == len(runs) - 1)
        if clause:
            yield clause


def _word(run: Sequence[ScriptRun], last: bool) -> Clause:
    """Return a run of letters as a clause: its pieces stand together, without a particle after a number or a name."""
    if len(run) > 1 and run[-1].kind == "east" and (len(run[-1].text) == 1 or run[-1].text in PARTICLES):
        run = run[:-1]  # 2019년, KOICA의
    typed = "".join(piece.text for piece in run)
    if len(run) == 1:
        piece = run[0]
        if piece.kind == "east":
            return Clause(typed, tuple(_korean(piece.text)))
        if piece.kind == "number":
            return Clause(typed, (Alternative((Phrase((number(piece.text)[0],)),)),))
        ways = [Alternative((Phrase((stem(piece.text, piece.kind),)),))]
        if last and len(piece.text) >= 3:
            ways.append(Alternative((Phrase((piece.text,), prefix=True),), 0.5))
        return Clause(typed, tuple(ways))
    together = []
    for piece in run:
        if piece.kind == "east":
            together += _pairs(piece.text) or [piece.text]
        elif piece.kind == "number":
            together.append(number(piece.text)[0])
        else:
            together.append(stem(piece.text, piece.kind))
    return Clause(typed, (Alternative((Phrase(tuple(together)),)),))


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)]


def _phrase(text: str) -> Phrase:
    return Phrase(tuple(_pairs(text)))


def _korean(text: str) -> Iterator[Alternative]:
    """Yield the ways to meet a Korean word: as it is, without its particle, and as the two words of a compound."""
    if len(text) == 1:
        yield Alternative((Phrase((text,)),))
        yield Alternative((Phrase((text,), prefix=True),), 0.6)
        return
    yield Alternative((_phrase(text),))
    bare = without_particle(text)
    if bare != text:
        yield Alternative((_phrase(bare),), 0.9)
    elif len(text) == 2 and text[0] in SHORT_NOUNS and text[1] in PARTICLES:
        yield Alternative((Phrase((text[0],)),), 0.8)
        yield Alternative((Phrase((text[0],), prefix=True),), 0.5)
    if 4 <= len(bare) <= 10:
        for cut in range(2, len(bare) - 1):
            yield Alternative((_phrase(bare[:cut]), _phrase(bare[cut:])), 0.5)


# ── In the words of each database ────────────────────────────────────────────────────────────────────────────────
# Tokens hold letters, digits and points only, so that nothing in them is an operator.


def fts5(query: Query) -> str:
    """The question for SQLite's MATCH."""
    found = " OR ".join("(" + " AND ".join(map(fts5_clause, clauses)) + ")" for clauses in query.alternatives)
    for clause in query.excluded:
        found = f"({found}) NOT {fts5_clause(clause)}"
    return found


def fts5_clause(clause: Clause) -> str:
    """One clause for SQLite's MATCH."""
    return "(" + " OR ".join(" AND ".join(_fts5_phrase(p) for p in way.phrases) for way in clause.ways) + ")"


def _fts5_phrase(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.tokens)}"' + ("*" if phrase.prefix else "")


def tsquery(query: Query) -> str:
    """The question as a tsquery of PostgreSQL."""
    found = " | ".join("(" + " & ".join(map(tsquery_clause, clauses)) + ")" for clauses in query.alternatives)
    for clause in query.excluded:
        found = f"({found}) & !{tsquery_clause(clause)}"
    return found


def tsquery_clause(clause: Clause) -> str:
    """One clause as a tsquery."""
    return "(" + " | ".join(" & ".join(_tsquery_phrase(p) for p in way.phrases) for way in clause.ways) + ")"


def _tsquery_phrase(phrase: Phrase) -> str:
    lexemes = list(phrase.tokens)
    if len(lexemes) > 1 and all(starmap(overlap, pairwise(lexemes))):
        lexemes = [first + second[1] for first, second in pairwise(lexemes)]
    found = " <-> ".join(f"'{lexeme}'" for lexeme in lexemes)
    return f"({found}{':*' if phrase.prefix else ''})"


def overlap(first: str, second: str) -> bool:
    """Whether two tokens are bigrams of which the second goes on where the first ends: 사막, 막화."""
    return (
        len(first) == len(second) == 2
        and first[1] == second[0]
        and "가" <= second[1] <= "힣"
        and "가" <= first[0] <= "힣"
    )
