"""The rules of the publication workflow: who may change a record, in which state. Forms, actions and tests share them.

The functions use no database, except for the permissions of the user. A record goes from draft to review to published,
at once or at a scheduled time, and may be archived later. It can also go back. A draft that readers never saw can be
set aside: nobody changes it until it is a draft again, and lists leave it out unless they are asked for it.

- Editors write drafts and submit them for review.
- Users with the permission to publish (reviewers) publish records, schedule them and take them back.
- Only administrators delete.
- A published record is meant to be seen by two people, so an editor cannot change it. An editor writes a revision
  beside it, which a reviewer publishes. A reviewer can also correct the record directly, or send it back to review,
  where an editor can change it again.
- Translators change only the texts of their language, in each state except archived and set aside. Until a text is
  translated, readers see it in English, and a translation adds no claim to it.
"""

from portal.core.choices import PublicationStatus

# The actions that a model can have permissions for: Django's four, publish, and one for each language of translation.
TRANSLATED_ACTIONS = ("add", "change", "delete", "view", "translate_ko", "translate_ru")
RECORD_ACTIONS = (*TRANSLATED_ACTIONS, "publish")

DRAFT, IN_REVIEW, SCHEDULED = PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW, PublicationStatus.SCHEDULED
PUBLISHED, ARCHIVED = PublicationStatus.PUBLISHED, PublicationStatus.ARCHIVED
SET_ASIDE = PublicationStatus.SET_ASIDE

# From each state: the states that a record can go to, and the action that the user needs a permission for.
TRANSITIONS = {
    DRAFT: {IN_REVIEW: "change", SCHEDULED: "publish", PUBLISHED: "publish", SET_ASIDE: "change"},
    IN_REVIEW: {DRAFT: "change", SCHEDULED: "publish", PUBLISHED: "publish"},
    SCHEDULED: {IN_REVIEW: "publish", PUBLISHED: "publish"},
    PUBLISHED: {IN_REVIEW: "publish", ARCHIVED: "publish"},
    ARCHIVED: {IN_REVIEW: "publish", PUBLISHED: "publish"},
    SET_ASIDE: {DRAFT: "change"},
}
STEP_BACK = {IN_REVIEW: DRAFT, SCHEDULED: IN_REVIEW, PUBLISHED: IN_REVIEW, ARCHIVED: IN_REVIEW}
# The states in which editors may change a record, and those in which readers see it or will see it.
EDITABLE_STATES = frozenset({DRAFT, IN_REVIEW})
PUBLIC_STATES = frozenset({SCHEDULED, PUBLISHED})
RESTING_STATES = frozenset({ARCHIVED, SET_ASIDE})  # nobody works on these records, so worklists leave them out


def allowed_actions(user, model):
    """Return the set of actions on a model that the user has permissions for, such as "change" or "publish"."""
    opts = model._meta
    return frozenset(
        action for action in opts.default_permissions if user.has_perm(f"{opts.app_label}.{action}_{opts.model_name}")
    )


def can_transition(actions, old, new):
    """Return True if `actions` allow the transition from `old` to `new`. `old == new` is not a transition."""
    return TRANSITIONS[old].get(new) in actions


def choices(actions, old):
    """Return the states that a form offers for a record in state `old`: `old` itself and those it may go to.

    A draft is set aside by a button of its own, which only drafts have that readers never saw.
    """
    offered = [state for state in PublicationStatus if state == old or can_transition(actions, old, state)]
    return [state for state in offered if state == old or state != SET_ASIDE]


def can_edit(actions, publication):
    """Return True if `actions` allow changes of all fields of a record in the state `publication`."""
    if publication == SET_ASIDE:
        return False
    return "change" in actions and (publication in EDITABLE_STATES or "publish" in actions)


def can_revise(actions, publication):
    """Return True if `actions` allow a draft revision of a record in the state `publication`."""
    return "change" in actions and publication == PUBLISHED


def languages(actions, publication):
    """Return the codes of the languages into which `actions` allow translation, in the state `publication`.

    `publication` is None for a model without publication states. No language is returned for a record that rests.
    """
    if publication in RESTING_STATES:
        return frozenset()
    return frozenset(action.removeprefix("translate_") for action in actions if action.startswith("translate_"))


# ── The groups of users in the admin ────────────────────────────────────────────────────────────────────────────

EDITOR, REVIEWER, ADMINISTRATOR = "Editor", "Reviewer", "Administrator"
TRANSLATORS = {"ko": "Translator (Korean)", "ru": "Translator (Russian)"}
