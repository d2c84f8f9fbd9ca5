"""Who may do what: the one table. Pages, API, jobs and tests ask `allows`."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    OPERATOR = "operator", _("Operator")
    DISPATCHER = "dispatcher", _("Dispatcher")
    STAFF = "staff", _("Department staff")
    SUPERVISOR = "supervisor", _("Supervisor")
    MANAGER = "manager", _("Manager")
    ADMINISTRATOR = "administrator", _("Administrator")
    AUDITOR = "auditor", _("Auditor")
    TELEPHONY = "telephony", _("Telephone system")


class Permission(models.TextChoices):
    SEE_ALL_TICKETS = "see_all_tickets", _("See every ticket")
    SEE_DEPARTMENT_TICKETS = "see_department_tickets", _("See tickets of the own department and those below it")
    SEE_PROTECTED_CALLERS = "see_protected_callers", _("See who called where secrecy was asked for")
    SEE_CALLERS = "see_callers", _("See all calls of one person together")
    PROTECT_CALLERS = "protect_callers", _("Mark a caller as secret or anonymous, and lift it")
    CORRECT = "correct", _("Correct what was recorded of a call")
    REGISTER = "register", _("Record calls, answer them directly or refuse them")
    FOLLOW_UP = "follow_up", _("Make follow-up calls")
    SEE_MISSED_CALLS = "see_missed_calls", _("See missed calls")
    CALL_BACK = "call_back", _("Call back after missed calls")
    DISPATCH = "dispatch", _("Dispatch tickets and rule on returns")
    CHECK_ANSWERS = "check_answers", _("Send insufficient answers back")
    HANDLE = "handle", _("Accept, work and answer tickets of the own department")
    SEE_SUGGESTIONS = "see_suggestions", _("See how good dispatch suggestions are")
    AUTOMATE = "automate", _("Switch automatic dispatch on")
    READ_ARTICLES = "read_articles", _("Read the knowledge base")
    DRAFT_ARTICLES = "draft_articles", _("Draft articles of the knowledge base")
    RELEASE_ARTICLES = "release_articles", _("Release and withdraw articles that somebody else wrote")
    SEE_DIRECTORY = "see_directory", _("Read the responsibility directory")
    KEEP_DIRECTORY = "keep_directory", _("Change the responsibility directory")
    SEE_PLACES = "see_places", _("Read the place book")
    KEEP_PLACES = "keep_places", _("Change the place book")
    RULE = "rule", _("Rule on disputes and extensions")
    SEE_BOARD = "see_board", _("See what is stuck")
    SUPERVISE = "supervise", _("Urge, supervise, suspend and coordinate on site")
    SEE_MESSAGES = "see_messages", _("Read messages to oneself and the own department")
    SEE_CLOCKS = "see_clocks", _("See whether the clocks run")
    MANAGE_MATTERS = "manage_matters", _("Join tickets about one matter and part them")
    READ_REPORTS = "read_reports", _("Read reports that were issued, to all or to the own department")
    ASK_OWN_REPORT = "ask_own_report", _("Have reports on the own department built, and read them")
    SEE_REPORTS = "see_reports", _("Read the dashboard, drafts of reports and remarks on them")
    REMARK_ON_REPORTS = "remark_on_reports", _("Write remarks on reports")
    BUILD_REPORTS = "build_reports", _("Have reports built")
    APPROVE_REPORTS = "approve_reports", _("Approve reports, and take the approval back")
    ISSUE_REPORTS = "issue_reports", _("Issue reports and their corrections")
    TELL_OF_CALLS = "tell_of_calls", _("Send the events of calls, as a telephone system")
    SEE_OPERATORS = "see_operators", _("See the day of every operator")
    EXPORT_TICKETS = "export_tickets", _("Write lists of tickets into files")
    SEE_WHO_LOOKED = "see_who_looked", _("See who looked at a caller, and why")
    READ_LEDGER = "read_ledger", _("Read the audit log and export it")
    USE_API = "use_api", _("Use the API with tokens of one's own")
    SET_UP = "set_up", _("Change people, departments, categories, limits and the calendar")


P = Permission

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    Role.OPERATOR: frozenset(
        {
            P.SEE_ALL_TICKETS,
            P.SEE_PROTECTED_CALLERS,
            P.SEE_CALLERS,
            P.PROTECT_CALLERS,
            P.CORRECT,
            P.REGISTER,
            P.READ_ARTICLES,
            P.DRAFT_ARTICLES,
            P.FOLLOW_UP,
            P.SEE_MISSED_CALLS,
            P.CALL_BACK,
            P.MANAGE_MATTERS,
            P.SEE_PLACES,
            P.USE_API,
        }
    ),
    Role.DISPATCHER: frozenset(
        {
            P.SEE_ALL_TICKETS,
            P.SEE_PROTECTED_CALLERS,
            P.SEE_CALLERS,
            P.PROTECT_CALLERS,
            P.CORRECT,
            P.REGISTER,
            P.READ_ARTICLES,
            P.DRAFT_ARTICLES,
            P.RELEASE_ARTICLES,
            P.DISPATCH,
            P.CHECK_ANSWERS,
            P.SEE_MESSAGES,
            P.MANAGE_MATTERS,
            P.SEE_SUGGESTIONS,
            P.SEE_DIRECTORY,
            P.SEE_PLACES,
            P.KEEP_PLACES,
            P.USE_API,
        }
    ),
    Role.STAFF: frozenset(
        {
            P.SEE_DEPARTMENT_TICKETS,
            P.HANDLE,
            P.READ_ARTICLES,
            P.DRAFT_ARTICLES,
            P.SEE_MESSAGES,
            P.SEE_DIRECTORY,
            P.READ_REPORTS,
            P.ASK_OWN_REPORT,
            P.USE_API,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            P.SEE_ALL_TICKETS,
            P.SEE_PROTECTED_CALLERS,
            P.SEE_CALLERS,
            P.PROTECT_CALLERS,
            P.CORRECT,
            P.CHECK_ANSWERS,
            P.READ_ARTICLES,
            P.DRAFT_ARTICLES,
            P.RELEASE_ARTICLES,
            P.SEE_WHO_LOOKED,
            P.SEE_BOARD,
            P.SEE_MISSED_CALLS,
            P.SUPERVISE,
            P.SEE_MESSAGES,
            P.SEE_CLOCKS,
            P.MANAGE_MATTERS,
            P.READ_REPORTS,
            P.SEE_REPORTS,
            P.REMARK_ON_REPORTS,
            P.SEE_DIRECTORY,
            P.SEE_PLACES,
            P.KEEP_PLACES,
            P.EXPORT_TICKETS,
            P.USE_API,
        }
    ),
    Role.MANAGER: frozenset(
        {
            P.SEE_ALL_TICKETS,
            P.SEE_CALLERS,
            P.READ_ARTICLES,
            P.RULE,
            P.SEE_BOARD,
            P.SEE_MISSED_CALLS,
            P.SEE_MESSAGES,
            P.SEE_CLOCKS,
            P.READ_REPORTS,
            P.SEE_REPORTS,
            P.REMARK_ON_REPORTS,
            P.BUILD_REPORTS,
            P.APPROVE_REPORTS,
            P.ISSUE_REPORTS,
            P.SEE_OPERATORS,
            P.SEE_SUGGESTIONS,
            P.AUTOMATE,
            P.SEE_DIRECTORY,
            P.KEEP_DIRECTORY,
            P.EXPORT_TICKETS,
            P.USE_API,
        }
    ),
    # Whoever sets the system up has no business in citizens' matters (separation of duties).
    Role.ADMINISTRATOR: frozenset(
        {
            P.SET_UP,
            P.SEE_CLOCKS,
            P.SEE_DIRECTORY,
            P.KEEP_DIRECTORY,
            P.SEE_PLACES,
            P.KEEP_PLACES,
            P.USE_API,
        }
    ),
    # Reads what everybody did and does nothing else (三员分立): neither tickets nor set-up, and no token that could.
    Role.AUDITOR: frozenset({P.READ_LEDGER}),
    # No person: an account of the telephone system's own, which sees nothing.
    Role.TELEPHONY: frozenset({P.TELL_OF_CALLS, P.USE_API}),
}


# They open the house to others, or read what everybody did: made and unmade by two (decision 0093).
GUARDED = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})


def roles_with(permission: str) -> list[str]:
    """The roles whose people hold `permission`."""
    return [role for role in Role.values if allows(role, permission)]


def allows(role: str, permission: str) -> bool:
    """Whether people of `role` hold `permission`. An unknown role holds none."""
    return permission in ROLE_PERMISSIONS.get(role, frozenset())
