package io.sluice.server.alerts;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** Alerts as meters. */
public final class AlertMetrics {
    private AlertMetrics() {}

    /** Registers what a book has. */
    public static void register(MeterRegistry registry, AlertBook book) {
        for (Rule rule : Rule.values()) {
            Gauge.builder("sluice.alerts.raised", book, all -> all.raised(rule))
                    .tag("rule", rule.title())
                    .description("Alerts that are raised")
                    .register(registry);
        }
        Deliveries webhook = book.webhook();
        FunctionCounter.builder("sluice.alerts.webhook.delivered", webhook, Deliveries::delivered)
                .description("Alerts that the webhook took")
                .register(registry);
        FunctionCounter.builder("sluice.alerts.webhook.dropped", webhook, Deliveries::dropped)
                .description("Alerts that were given up before the webhook took them")
                .register(registry);
        FunctionCounter.builder("sluice.alerts.webhook.failed.tries", webhook, Deliveries::failedTries)
                .description("Tries to reach the webhook that did not go well")
                .register(registry);
    }
}
