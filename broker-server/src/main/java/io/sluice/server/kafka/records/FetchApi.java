package io.sluice.server.kafka.records;

import io.sluice.core.Broker;
import io.sluice.server.kafka.ApiHandler;
import io.sluice.server.kafka.ApiRequest;
import io.sluice.server.kafka.FrameMemory;
import io.sluice.server.kafka.KafkaLimits;
import io.sluice.server.kafka.KafkaSession;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/**
 * Fetch: whole batches as they lie in the log, below the high watermark. Waits until there are {@code min_bytes} or the time
 * is over. From version 7 on in sessions, from version 13 on by topic ids.
 */
public final class FetchApi implements ApiHandler<FetchRequestData> {
    static final short FIRST_WITH_IDS = 13;
    private static final short FIRST_WITH_SESSIONS = 7;
    private static final KafkaSession.Key<FetchSessions> SESSIONS = new KafkaSession.Key<>();

    private final Broker broker;
    private final KafkaLimits limits;
    private final FrameMemory memory;

    /** @param memory what responses share */
    public FetchApi(Broker broker, KafkaLimits limits, FrameMemory memory) {
        this.broker = broker;
        this.limits = limits;
        this.memory = memory;
    }

    @Override
    public CompletableFuture<ApiMessage> handle(ApiRequest<FetchRequestData> request) {
        FetchRequestData data = request.message();
        FetchSessions sessions = request.session().get(SESSIONS, FetchSessions::new);
        int sessionId = data.sessionId();
        int epoch = request.version() < FIRST_WITH_SESSIONS ? FetchSession.FINAL_EPOCH : data.sessionEpoch();
        FetchSession session;
        boolean incremental = false;
        int answeredId;
        if (epoch == FetchSession.FINAL_EPOCH) {
            sessions.end(sessionId);
            session = new FetchSession(FetchSession.NO_SESSION, data);
            answeredId = FetchSession.NO_SESSION;
        } else if (epoch == FetchSession.INITIAL_EPOCH) {
            sessions.end(sessionId);
            request.client().entry().fetchesAnew();
            session = sessions.begin(data);
            answeredId = sessions.isKept(session) ? session.id() : FetchSession.NO_SESSION;
        } else {
            Optional<FetchSession> known = sessions.find(sessionId);
            if (known.isEmpty()) {
                return refused(Errors.FETCH_SESSION_ID_NOT_FOUND);
            }
            session = known.get();
            if (session.epoch() != epoch) {
                return refused(Errors.INVALID_FETCH_SESSION_EPOCH);
            }
            session.advance(data);
            if (!data.forgottenTopicsData().isEmpty()) {
                request.client().entry().fetchesAnew();
            }
            incremental = true;
            // Without a session the client names everything again the next time.
            answeredId = session.size() == 0 || sessions.isKept(session) ? session.id() : FetchSession.NO_SESSION;
        }
        return new Fetch(broker, limits, memory, request, session, incremental, answeredId).start();
    }

    private static CompletableFuture<ApiMessage> refused(Errors error) {
        return CompletableFuture.completedFuture(new FetchResponseData().setErrorCode(error.code()));
    }
}
