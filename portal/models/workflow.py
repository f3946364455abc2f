"""Who may do what with a record: pure rules, which forms, actions and tests share.

A record goes from draft to review to its readers and, one day, into the archive, and it can go back. Editors write and
submit; whoever may publish lets readers see it, at once or from a given time on, and takes it back; only administrators
delete. What readers see was looked at by two: so an editor changes no published record. A reviewer corrects it at once,
or sends it back to review, where an editor may change it again. Translators write in their language only, whatever the
state short of archived: readers have English there until then, and a translation adds no claim to it.
"""

from portal.core.choices import PublicationStatus

# What a permission of a model can be for: Django's own four, to let readers see, and to write in one language.
TRANSLATED_ACTIONS = ("add", "change", "delete", "view", "translate_ko", "translate_ru")
RECORD_ACTIONS = (*TRANSLATED_ACTIONS, "publish")

DRAFT, IN_REVIEW, SCHEDULED = PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW, PublicationStatus.SCHEDULED
PUBLISHED, ARCHIVED = PublicationStatus.PUBLISHED, PublicationStatus.ARCHIVED

# From where to where, and the action that whoever moves a record must be allowed.
TRANSITIONS = {
    DRAFT: {IN_REVIEW: "change", SCHEDULED: "publish", PUBLISHED: "publish"},
    IN_REVIEW: {DRAFT: "change", SCHEDULED: "publish", PUBLISHED: "publish"},
    SCHEDULED: {IN_REVIEW: "publish", PUBLISHED: "publish"},
    PUBLISHED: {IN_REVIEW: "publish", ARCHIVED: "publish"},
    ARCHIVED: {IN_REVIEW: "publish", PUBLISHED: "publish"},
}
STEP_BACK = {IN_REVIEW: DRAFT, SCHEDULED: IN_REVIEW, PUBLISHED: IN_REVIEW, ARCHIVED: IN_REVIEW}
# Where editors are at work, and where a record is as readers see it or will see it.
EDITABLE_STATES = frozenset({DRAFT, IN_REVIEW})
PUBLIC_STATES = frozenset({SCHEDULED, PUBLISHED})


def allowed_actions(user, model):
    """What a user may do with records of a model, as far as permissions say."""
    opts = model._meta
    return frozenset(
        action for action in opts.default_permissions if user.has_perm(f"{opts.app_label}.{action}_{opts.model_name}")
    )


def can_transition(actions, old, new):
    """Whether these actions let one move a record from one state to another. To stay is no move."""
    return TRANSITIONS[old].get(new) in actions


def choices(actions, old):
    """The states that a form offers for a record in state `old`: that one, and where it may be moved."""
    return [state for state in PublicationStatus if state == old or can_transition(actions, old, state)]


def can_edit(actions, publication):
    """Whether these actions let one change a record in this state, in all its parts."""
    return "change" in actions and (publication in EDITABLE_STATES or "publish" in actions)


def languages(actions, publication):
    """The languages in which these actions let one write, of a record in this state; None is a model without states."""
    if publication == ARCHIVED:
        return frozenset()
    return frozenset(action.removeprefix("translate_") for action in actions if action.startswith("translate_"))


# ── The groups of the desk ───────────────────────────────────────────────────────────────────────────────────────

EDITOR, REVIEWER, ADMINISTRATOR = "Editor", "Reviewer", "Administrator"
TRANSLATORS = {"ko": "Translator (Korean)", "ru": "Translator (Russian)"}
