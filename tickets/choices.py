"""Every enumeration of a ticket, once: forms, badges, API and filters all read it here."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(models.TextChoices):
    REGISTERED = "registered", _("To be dispatched")
    DISPATCHED = "dispatched", _("To be accepted")
    WORKING = "working", _("In work")
    RETURN_ASKED = "return_asked", _("Return under review")
    RULING = "ruling", _("Awaiting a ruling")
    COORDINATING = "coordinating", _("On-site coordination")
    SUSPENDED = "suspended", _("Suspended")
    FOLLOW_UP = "follow_up", _("Follow-up call due")
    CLOSED = "closed", _("Closed")
    NOT_ACCEPTED = "not_accepted", _("Not accepted")


OPEN_STATUSES = tuple(status for status in Status if status not in (Status.CLOSED, Status.NOT_ACCEPTED))
# In these nobody has answered yet, so the answer clock runs.
UNANSWERED_STATUSES = tuple(s for s in OPEN_STATUSES if s not in (Status.FOLLOW_UP, Status.SUSPENDED))
# What a department has accepted and not answered.
IN_WORK_STATUSES = (Status.WORKING, Status.SUSPENDED, Status.COORDINATING, Status.RETURN_ASKED)

STATUS_TONES = {
    Status.REGISTERED: "warning",
    Status.DISPATCHED: "warning",
    Status.WORKING: "primary",
    Status.RETURN_ASKED: "danger",
    Status.RULING: "danger",
    Status.COORDINATING: "danger",
    Status.SUSPENDED: "neutral",
    Status.FOLLOW_UP: "info",
    Status.CLOSED: "success",
    Status.NOT_ACCEPTED: "neutral",
}


class Kind(models.TextChoices):
    CONSULTATION = "consultation", _("Consultation")
    HELP = "help", _("Request for help")
    COMPLAINT = "complaint", _("Complaint")
    REPORT = "report", _("Report of wrongdoing")
    SUGGESTION = "suggestion", _("Suggestion")
    PRAISE = "praise", _("Praise")


class Channel(models.TextChoices):
    PHONE = "phone", _("Telephone")
    WECHAT = "wechat", _("WeChat")
    WEB = "web", _("Web site")
    APP = "app", _("App")
    MAYOR_MAILBOX = "mayor_mailbox", _("Mayor's mailbox")
    PROVINCE = "province", _("Sent by the province")
    POLICE_110 = "police_110", _("Handed over by 110")
    VISIT = "visit", _("Visit in person")
    OTHER = "other", _("Other")


class Urgency(models.TextChoices):
    NORMAL = "normal", _("Normal")
    URGENT = "urgent", _("Urgent")


class RefusalGround(models.TextChoices):
    """The nine usual grounds for not accepting a call (domain.md, "The flow")."""

    OUTSIDE_CITY = "outside_city", _("Not the city government's business")
    EMERGENCY_LINE = "emergency_line", _("A matter for 110, 119 or 120")
    OTHER_POWERS = "other_powers", _("A matter of the Party, the courts, the procuratorate or the army")
    LITIGATION = "litigation", _("To be settled by litigation, arbitration or review")
    PROCEDURE = "procedure", _("Already in a legal procedure or a petition")
    SECRET = "secret", _("Touches state or business secrets or privacy")
    SAME_MATTER = "same_matter", _("Same matter under way or finished, no new facts")
    ABUSIVE = "abusive", _("Unlawful or abusive")
    OTHER = "other", _("Other")


class ReturnGround(models.TextChoices):
    NOT_OUR_DUTY = "not_our_duty", _("Not our duty")
    WRONG_AREA = "wrong_area", _("Wrong area")
    OWNERSHIP_UNCLEAR = "ownership_unclear", _("Ownership unclear")
    DUPLICATE = "duplicate", _("Duplicate")
    INCOMPLETE = "incomplete", _("Information incomplete")


class ExtensionGround(models.TextChoices):
    """Why an answer may come later. Nothing else moves the caller's clock but a suspension."""

    MORE_TIME = "more_time", _("Needs more time")
    CALLER = "caller", _("Waits for the caller")


class Principle(models.TextChoices):
    """On what a responsibility is founded when it had to be settled."""

    PLACE = "place", _("Place (who governs the area)")
    OWNERSHIP = "ownership", _("Ownership (who owns it)")
    OVERSIGHT = "oversight", _("Oversight (whose trade it is)")
    LICENCE = "licence", _("Licence (who permitted it)")
    FIRST_UNIT = "first_unit", _("First unit (who did not object in time)")


class Part(models.TextChoices):
    """What a department other than the responsible one owes to a ticket."""

    ASSIST = "assist", _("Assists")
    OPINION = "opinion", _("Opinion in a dispute")


class Contacted(models.TextChoices):
    YES = "yes", _("Contacted by the department")
    NO = "no", _("Not contacted")


class Solved(models.TextChoices):
    YES = "yes", _("Solved")
    PARTLY = "partly", _("Partly solved")
    NO = "no", _("Not solved")


class Satisfaction(models.TextChoices):
    VERY_SATISFIED = "very_satisfied", _("Very satisfied")
    SATISFIED = "satisfied", _("Satisfied")
    FAIRLY_SATISFIED = "fairly_satisfied", _("Fairly satisfied")
    DISSATISFIED = "dissatisfied", _("Dissatisfied")
    VERY_DISSATISFIED = "very_dissatisfied", _("Very dissatisfied")


SATISFIED = (Satisfaction.VERY_SATISFIED, Satisfaction.SATISFIED, Satisfaction.FAIRLY_SATISFIED)
NOT_SATISFIED = (Satisfaction.DISSATISFIED, Satisfaction.VERY_DISSATISFIED)


class Cause(models.TextChoices):
    """Why a caller was not contacted, sees nothing solved, or is dissatisfied (原因), as they say it."""

    NOT_DONE = "not_done", _("Nothing was done")
    CAME_BACK = "came_back", _("It came back after it was done")
    SLOW = "slow", _("It took too long")
    EMPTY_ANSWER = "empty_answer", _("The answer says nothing")
    MANNER = "manner", _("The manner of those who dealt with it")
    NOT_TOLD = "not_told", _("Nobody told the caller what came of it")
    DENIED = "denied", _("What was wanted was not granted")
    OTHER = "other", _("Other")


class ClosingReason(models.TextChoices):
    """Why something is closed although it is not solved or its caller is dissatisfied."""

    UNREASONABLE = "unreasonable", _("The demand is not reasonable")
    POLICY = "policy", _("Rules or policy do not allow it")
    PROMISED = "promised", _("It has been promised to be done another way")
    AGREED = "agreed", _("The caller agrees to leave it so")
    OTHER_WAY = "other_way", _("It has to go another legal way")
    OTHER = "other", _("Other")


class NotReached(models.TextChoices):
    """Why somebody could not be spoken to when they were called back."""

    NO_ANSWER = "no_answer", _("Nobody answered")
    BUSY = "busy", _("Line busy")
    SWITCHED_OFF = "switched_off", _("Switched off or out of reach")
    NO_SUCH_NUMBER = "no_such_number", _("No such number, or out of service")
    REJECTED = "rejected", _("Rejected the call")
    LATER = "later", _("Another time was agreed")
    OTHER = "other", _("Other")


class Closing(models.TextChoices):
    """How a ticket came to be closed."""

    DIRECT = "direct", _("Answered directly")
    FOLLOWED_UP = "followed_up", _("After a follow-up call")
    UNREACHED = "unreached", _("Caller not reached")
    NO_CALL = "no_call", _("Without a follow-up call")
    REFUSED = "refused", _("Not accepted")


class FlagKind(models.TextChoices):
    """Why a ticket needs looking at. Raised and cleared by supervision.clocks, shown everywhere."""

    OVERDUE = "overdue", _("Overdue")
    UNPLACEABLE = "unplaceable", _("Cannot be placed")
    UNCLAIMED = "unclaimed", _("Unclaimed")
    STALLED = "stalled", _("Stalled")
    BOUNCED = "bounced", _("Bounced")
    TASK_LATE = "task_late", _("On-site task overdue")
    ORDER_LATE = "order_late", _("Supervision order overdue")
    REDONE = "redone", _("Redone again and again")
    CAME_BACK = "came_back", _("Came back")
    MANY_CALLERS = "many_callers", _("Many callers")
    FREQUENT_CALLER = "frequent_caller", _("One caller often")
    DUE_SOON = "due_soon", _("Due soon")
    HALF_TIME = "half_time", _("Half the time used")
    PART_LATE = "part_late", _("Another department's part late")
    FOLLOW_UP_LATE = "follow_up_late", _("Follow-up late")
    REVIEW_DUE = "review_due", _("Review due")


FLAG_TONES = {
    FlagKind.OVERDUE: "danger",
    FlagKind.UNPLACEABLE: "danger",
    FlagKind.UNCLAIMED: "danger",
    FlagKind.STALLED: "danger",
    FlagKind.BOUNCED: "danger",
    FlagKind.TASK_LATE: "danger",
    FlagKind.ORDER_LATE: "danger",
    FlagKind.REDONE: "danger",
    FlagKind.CAME_BACK: "danger",
    FlagKind.MANY_CALLERS: "warning",
    FlagKind.FREQUENT_CALLER: "warning",
    FlagKind.DUE_SOON: "warning",
    FlagKind.HALF_TIME: "neutral",
    FlagKind.PART_LATE: "warning",
    FlagKind.FOLLOW_UP_LATE: "warning",
    FlagKind.REVIEW_DUE: "info",
}


class Stage(models.TextChoices):
    DISPATCH = "dispatch", _("Dispatch a recorded ticket")
    ACCEPT = "accept", _("Accept a dispatched ticket")
    ANSWER = "answer", _("Answer, counted from the first dispatch")
    RETURN = "return", _("Ask to return, counted from the dispatch")
    REVIEW = "review", _("Review a return")
    ASSIST = "assist", _("Answer as an assisting department")
    OPINION = "opinion", _("Give an opinion in a dispute")
    RULING = "ruling", _("Rule on a dispute")
    PROGRESS = "progress", _("Longest time in work without a word")
    COORDINATION = "coordination", _("Longest time in coordination without a word")
    FOLLOW_UP = "follow_up", _("Make the follow-up call")
    SUSPENSION = "suspension", _("Look again at a suspended ticket")
    CALL_BACK = "call_back", _("Call back after a missed call")


class Duty(models.TextChoices):
    """What is owed to a ticket within a limit; `open` is the time from the call to the close."""

    OPEN = "open", pgettext_lazy("duty", "Open")
    DISPATCH = "dispatch", pgettext_lazy("duty", "Dispatch")
    ACCEPT = "accept", pgettext_lazy("duty", "Acceptance")
    ANSWER = "answer", pgettext_lazy("duty", "Answer")
    REVIEW = "review", pgettext_lazy("duty", "Review of a return")
    RULING = "ruling", pgettext_lazy("duty", "Ruling")
    PROGRESS = "progress", pgettext_lazy("duty", "Word of progress")
    COORDINATION = "coordination", pgettext_lazy("duty", "On-site coordination")
    SUSPENSION = "suspension", pgettext_lazy("duty", "Review of a suspension")
    FOLLOW_UP = "follow_up", pgettext_lazy("duty", "Follow-up call")
    ASSIST = "assist", pgettext_lazy("duty", "Part of an assisting department")
    OPINION = "opinion", pgettext_lazy("duty", "Opinion in a dispute")
    ORDER = "order", pgettext_lazy("duty", "Supervision order")
    DIRECTIVE = "directive", pgettext_lazy("duty", "Directive given on the spot")


class Unit(models.TextChoices):
    CLOCK_MINUTE = "clock_minute", _("minutes, day and night")
    CLOCK_HOUR = "clock_hour", _("hours, day and night")
    CLOCK_DAY = "clock_day", _("calendar days")
    WORK_DAY = "work_day", _("working days")


class RuleKey(models.TextChoices):
    RETURNS_TO_RULING = "returns_to_ruling", _("Granted returns after which a ruling decides")
    EXTENSIONS = "extensions", _("Extensions a ticket may have")
    EXTENSION_DAYS = "extension_days", _("Working days of one extension without a plan")
    PLANNED_DAYS = "planned_days", _("Working days of one extension with a plan")
    REDO_PERCENT = "redo_percent", _("Percent of the answer limit for a new round")
    FOLLOW_UP_TRIES = "follow_up_tries", _("Calls tried before a caller counts as not reached")
    FOLLOW_UP_DAYS = "follow_up_days", _("Days over which these calls are spread")
    REOPEN_DAYS = "reopen_days", _("Days within which a closed ticket can be reopened")
    MISSED_DAYS = "missed_days", _("Days after which a missed call that nobody settled lapses")
    ARTICLE_DAYS = "article_days", _("Days before an article's last day on which its keepers are told")
    FORGET_YEARS = "forget_years", _("Years after a caller's last ticket until it is forgotten who called; 0: never")
    FIRST_WARNING = "first_warning", _("Percent of the answer limit after which a first warning is raised")
    LAST_WARNING = "last_warning", _("Percent of the answer limit after which the last warning is raised")
    REDONE = "redone", _("Rounds of doing again that make a case for supervision")
    MANY_CALLERS = "many_callers", _("Callers about one matter that make it a hot matter")
    FREQUENT_CALLER = "frequent_caller", _("Calls of one caller in a week that make a frequent caller")
    ALERT_DAYS = "alert_days", _("Days whose callers count for the alert of a matter")
    ALERT_CALLERS = "alert_callers", _("Callers of these days that make a watched matter an alert")
    SENSITIVE_CALLERS = (
        "sensitive_callers",
        _("Callers of these days that make an alert where a sensitive word was said"),
    )
    CAME_BACK_DAYS = "came_back_days", _("Days after the closing within which the same thing counts as come back")
    SURGE_PERCENT = "surge_percent", _("Percent of its usual calls at which a category surges in the whole city")
    SURGE_CALLS = "surge_calls", _("Calls of other matters below which a category never surges")
