"""Two keys in a Python program, through the plugin."""

import pulumi
from keys import dashboard, exporter

pulumi.export("dashboardSecret", dashboard.secret)
pulumi.export("exporterSecret", exporter.secret)
pulumi.export("exporterName", exporter.physical_name)
pulumi.export("nextRotationAt", exporter.next_rotation_at)
