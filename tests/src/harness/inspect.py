"""Checks a ZIP archive, prints its entries as JSON, and unpacks them if a directory is given."""

import json
import sys
import zipfile

with zipfile.ZipFile(sys.argv[1]) as archive:
    broken = archive.testzip()
    if broken is not None:
        sys.exit(f"the content of {broken!r} is broken")
    if archive.comment:
        sys.exit("the archive has a comment")
    if len(sys.argv) > 2:
        archive.extractall(sys.argv[2])
    print(json.dumps([
        {
            "name": entry.filename,
            "size": entry.file_size,
            "method": entry.compress_type,
            "attributes": entry.external_attr,
            "flags": entry.flag_bits,
            "date": entry.date_time,
            "system": entry.create_system,
            "extra": len(entry.extra),
            "comment": len(entry.comment),
        }
        for entry in archive.infolist()
    ]))
