from __future__ import annotations

from django.urls import path

from speech.views import must_say, review_queue, reviews

urlpatterns = [
    path("review/", review_queue.review_queue, name="review_queue"),
    path("review/<int:pk>/", reviews.review, name="review"),
    path("takes/<int:pk>/ask/", reviews.review_ask, name="review_ask"),
    path("takes/<int:pk>/withdraw/", reviews.review_withdraw, name="review_withdraw"),
    path("takes/<int:pk>/approve/", reviews.review_approve, name="review_approve"),
    path("takes/<int:pk>/changes/", reviews.review_changes, name="review_changes"),
    path("takes/<int:pk>/take-back/", reviews.review_take_back, name="review_take_back"),
    path("takes/<int:pk>/heard/", reviews.review_heard, name="review_heard"),
    path("p/<slug:slug>/review/ask/", reviews.review_ask_ticked, name="review_ask_ticked"),
    path("p/<slug:slug>/settings/policy/", must_say.policy, name="policy"),
    path("p/<slug:slug>/settings/words/", must_say.word_add, name="word_add"),
    path("p/<slug:slug>/settings/words/<int:pk>/", must_say.word_change, name="word_change"),
    path("p/<slug:slug>/settings/words/<int:pk>/remove/", must_say.word_remove, name="word_remove"),
    path("p/<slug:slug>/settings/words/restore/", must_say.word_restore, name="word_restore"),
]
