from __future__ import annotations

from django.urls import path

from speech.api import reading, submitting, uploading
from speech.views import outputs

# As in the protocol: no slash at the end.
urlpatterns = [
    path("v1/get-user-credits", reading.user_credits, name="api_credits"),
    path("v1/requests/<str:request_id>", reading.request_result, name="api_poll"),
    path("v2/requests/<str:request_id>", reading.request_result, name="api_result"),
    path("v2/requests/<str:request_id>/status", reading.request_status, name="api_status"),
    path("v1/<str:slug>", submitting.run_sync, name="api_run_sync"),
    path("v2/<str:slug>", submitting.submit, name="api_submit"),
    path("upload-asset", uploading.upload_asset, name="api_upload"),
    path("outputs/<str:token>.flac", outputs.api_output, name="api_output"),
    path("clips/<str:token>.mp3", outputs.api_clip, name="api_clip"),
]
