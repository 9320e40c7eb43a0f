// Two keys in a Go program, through the plugin.
package main

import (
	"github.com/OWNER/pulumi-apikeys/sdk/go/apikeys"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		var scopes []string
		config.RequireObject(ctx, "dashboardScopes", &scopes)
		labels := pulumi.StringMap{"owner": pulumi.String("web"), "purpose": pulumi.String("status page")}

		dashboard, err := apikeys.NewApiKey(ctx, "dashboard", &apikeys.ApiKeyArgs{
			Scopes:    pulumi.ToStringArray(scopes),
			ExpiresIn: pulumi.String("90d"),
			Labels:    labels,
		})
		if err != nil {
			return err
		}

		exporter, err := apikeys.NewRotatingApiKey(ctx, "exporter", &apikeys.RotatingApiKeyArgs{
			Scopes:      pulumi.StringArray{apikeys.PulselyScopeReadMetrics}, // or pulumi.String("read:metrics")
			RotateEvery: pulumi.String("90d"),
			Labels:      labels,
		})
		if err != nil {
			return err
		}

		ctx.Export("dashboardSecret", dashboard.Secret)
		ctx.Export("exporterSecret", exporter.Secret)
		ctx.Export("exporterName", exporter.PhysicalName)
		ctx.Export("nextRotationAt", exporter.NextRotationAt)
		return nil
	})
}
