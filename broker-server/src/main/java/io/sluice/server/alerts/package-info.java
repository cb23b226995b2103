/** Rules that look after the broker, and tell its log, an internal topic and a webhook when something becomes wrong or well again. */
package io.sluice.server.alerts;
