package io.sluice.server.errors;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/** Keeps what the process logs as a warning or an error, by the class that logged it. */
public final class LoggedErrors extends UnsynchronizedAppenderBase<ILoggingEvent> implements AutoCloseable {
    private final ErrorLog errors;

    private LoggedErrors(ErrorLog errors) {
        this.errors = errors;
    }

    /** Begins to listen; nothing is heard if the log of the process is not logback's. */
    public static LoggedErrors listen(ErrorLog errors) {
        LoggedErrors appender = new LoggedErrors(errors);
        ILoggerFactory factory = LoggerFactory.getILoggerFactory();
        if (factory instanceof LoggerContext context) {
            appender.setContext(context);
            appender.setName("errors-" + System.identityHashCode(errors));
            appender.start();
            root(context).addAppender(appender);
        }
        return appender;
    }

    private static Logger root(LoggerContext context) {
        return context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
            String name = event.getLoggerName();
            String cause = event.getThrowableProxy() == null
                    ? ""
                    : ": " + event.getThrowableProxy().getClassName() + ": "
                            + event.getThrowableProxy().getMessage();
            errors.add(
                    event.getLevel().isGreaterOrEqual(Level.ERROR) ? "logged_error" : "logged_warning",
                    name.substring(name.lastIndexOf('.') + 1),
                    "",
                    event.getFormattedMessage() + cause);
        }
    }

    @Override
    public void close() {
        if (getContext() instanceof LoggerContext context) {
            root(context).detachAppender(this);
        }
        stop();
    }
}
