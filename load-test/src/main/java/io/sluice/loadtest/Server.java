package io.sluice.loadtest;

import io.sluice.loadtest.machine.BrokerMetrics;
import io.sluice.loadtest.machine.ServerProcess;
import io.sluice.loadtest.target.ControlClient;
import io.sluice.loadtest.target.Target;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The server of a run and how to look at it.
 *
 * @param target where the load goes
 * @param headers sent with every request
 * @param pid its process, if it is on this machine and known
 */
record Server(Target target, List<Map.Entry<String, String>> headers, OptionalLong pid) {

    /** Looks for the process itself if the server is on this machine and the process is not given. */
    static Server of(Target target, List<Map.Entry<String, String>> headers, OptionalLong pid) {
        boolean look = pid.isEmpty() && target.isLoopback();
        return new Server(target, headers, look ? ServerProcess.listeningOn(target.port()) : pid);
    }

    ControlClient control() {
        return new ControlClient(target, headers);
    }

    /** What its metrics page says now; nothing if it has none. */
    BrokerMetrics metrics() {
        return control().metrics().map(BrokerMetrics::parse).orElse(BrokerMetrics.NONE);
    }
}
