from django.conf import settings
from django.urls import path

from tickets import design
from tickets.attachments import pages as attachments
from tickets.calls import pages as calls
from tickets.calls import placing, words
from tickets.exports import pages as exporting
from tickets.following_up import pages as following_up
from tickets.lists import pages as lists
from tickets.matters import pages as matters
from tickets.telephony import pages as missed
from tickets.wording import pages as wording
from tickets.workflow import answering, slip, unmasking
from tickets.workflow import pages as workflow

urlpatterns = [
    path("tickets/", lists.all_tickets, name="tickets"),
    path("tickets/new/", calls.new_ticket, name="new-ticket"),
    path("tickets/mine/", lists.my_tickets, name="my-tickets"),
    path("tickets/caller/", calls.caller_history, name="caller-history"),
    path("desk/call", calls.desk_call, name="desk-call"),
    path("desk/missed/", missed.missed_calls, name="missed-calls"),
    path("desk/missed/waiting/", missed.waiting, name="missed-waiting"),
    path("desk/missed/<int:pk>/take/", missed.take, name="missed-take"),
    path("desk/missed/<int:pk>/call/", calls.call_back, name="call-back"),
    path("desk/missed/<int:pk>/end/", missed.end, name="missed-end"),
    path("tickets/exports/", exporting.exports, name="ticket-exports"),
    path("tickets/exports/new/", exporting.export, name="ticket-export"),
    path("audit-log/export/", exporting.export_ledger, name="ledger-export"),
    path("tickets/exports/<int:pk>/tickets.xlsx", exporting.export_file, name="ticket-export-file"),
    path("tickets/exports/<int:pk>/end/", exporting.export_end, name="ticket-export-end"),
    path("tickets/<ticket:number>/again/<str:deed>/", calls.about_earlier, name="about-earlier"),
    path("tickets/join/", matters.join_tickets, name="join-tickets"),
    path("tickets/<ticket:number>/", workflow.ticket_page, name="ticket"),
    path("tickets/<ticket:number>/numbers/", unmasking.unmask, name="unmask"),
    path("tickets/<ticket:number>/do/<str:name>/", workflow.ticket_action, name="ticket-action"),
    path("tickets/<ticket:number>/answer-check/", answering.answer_check, name="answer-check"),
    path("tickets/<ticket:number>/slip/", slip.slip, name="slip"),
    path("answers/check/", answering.answer_check, name="answers-check"),
    path("tickets/<ticket:number>/attach/", attachments.attach, name="attach"),
    path("attachments/<int:pk>/", attachments.attachment, name="attachment"),
    path("follow-ups/", following_up.next_call, name="follow-ups"),
    path("follow-ups/all/", following_up.everybody, name="follow-up-list"),
    path("follow-ups/<ticket:number>/", following_up.call, name="follow-ups"),
    path("follow-ups/<ticket:number>/later/", following_up.later, name="follow-up-later"),
    path("inbox/", lists.inbox, name="inbox"),
    path("inbox/accept/", lists.accept_many, name="accept-many"),
    path("answer-templates/", wording.templates, name="answer-templates"),
    path("answer-templates/<int:pk>/", wording.template, name="answer-template"),
    path("calls/place/", placing.call_place, name="call-place"),
    path("calls/second/drop/", calls.drop_second, name="drop-second"),
    path("calls/region/", placing.regions_of_places, name="regions-of-places"),
    path("calls/words/", words.call_words, name="call-words"),
]

if settings.DEBUG or settings.TEST_RUN:
    urlpatterns.append(path("design/", design.design, name="design"))
