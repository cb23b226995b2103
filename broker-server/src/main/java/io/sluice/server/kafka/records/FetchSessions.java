package io.sluice.server.kafka.records;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.common.message.FetchRequestData;

/** The fetch sessions of one connection. For its event loop. */
final class FetchSessions {
    /** A client has one; more are there only if it forgets to end them. */
    private static final int MAX_SESSIONS = 4;

    /** Of all sessions together. */
    private static final int MAX_PARTITIONS = 10_000;

    private final Map<Integer, FetchSession> sessions = new LinkedHashMap<>();

    FetchSession begin(FetchRequestData request) {
        if (sessions.size() == MAX_SESSIONS) {
            sessions.remove(sessions.keySet().iterator().next());
        }
        int id = FetchSession.NO_SESSION;
        while (id == FetchSession.NO_SESSION || sessions.containsKey(id)) {
            // By chance, so that the session of a connection before is not taken for this one's.
            id = ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
        }
        FetchSession session = new FetchSession(id, request);
        sessions.put(id, session);
        return session;
    }

    /** Ends a session if the client would have more remembered than it may. @return whether it goes on */
    boolean isKept(FetchSession session) {
        int partitions = sessions.values().stream().mapToInt(FetchSession::size).sum();
        if (session.size() > 0 && partitions <= MAX_PARTITIONS) {
            return true;
        }
        end(session.id());
        return false;
    }

    Optional<FetchSession> find(int id) {
        return Optional.ofNullable(sessions.get(id));
    }

    void end(int id) {
        sessions.remove(id);
    }
}
