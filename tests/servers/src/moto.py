"""Runs moto's server, which reports here when the uploads of a bucket began, and lists them in pages.
It stores one object at a time.

Unchanged, it reports the year 2010 for all uploads, so that each run would take those of others for
abandoned. The first argument is the age in seconds that an upload has when it begins, and the
second one the number of uploads on a page.
"""

import datetime
import functools
import sys
import threading

from moto.core.responses import ActionResult
from moto.s3.models import FakeMultipart
from moto.s3.responses import S3Response
from moto.server import main

AGE = datetime.timedelta(seconds=int(sys.argv[1]))
PAGE = int(sys.argv[2])
begin = FakeMultipart.__init__


def begin_at(self, *arguments, **named):
    begin(self, *arguments, **named)
    began = datetime.datetime.now(datetime.timezone.utc) - AGE
    self.began = began.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def list_uploads(self):
    def argument(name):
        return self.querystring.get(name, [""])[0]

    def place(upload):
        return upload.key_name, upload.id

    after = argument("key-marker"), argument("upload-id-marker")
    uploads = self.backend.list_multipart_uploads(self.bucket_name).values()
    uploads = [upload for upload in uploads if upload.key_name.startswith(argument("prefix"))]
    uploads = sorted((upload for upload in uploads if place(upload) > after), key=place)
    page = uploads[:PAGE]
    result = {
        "Bucket": self.bucket_name,
        "IsTruncated": len(page) < len(uploads),
        "Uploads": [
            {"Key": upload.key_name, "UploadId": upload.id, "Initiated": upload.began}
            for upload in page
        ],
    }
    if result["IsTruncated"]:
        result["NextKeyMarker"], result["NextUploadIdMarker"] = place(page[-1])
    self.data["Action"] = "ListMultipartUploads"
    return self.serialized(ActionResult(result))


def one_at_a_time(call, lock):
    @functools.wraps(call)
    def locked(*arguments, **named):
        with lock:
            return call(*arguments, **named)

    return locked


# Unchanged, a request can store an object after another one found that there is none.
lock = threading.RLock()
for name in ["put_object", "_key_response_post"]:
    setattr(S3Response, name, one_at_a_time(getattr(S3Response, name), lock))
FakeMultipart.__init__ = begin_at
S3Response.list_multipart_uploads = list_uploads
main(sys.argv[3:])
