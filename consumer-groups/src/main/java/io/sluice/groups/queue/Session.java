package io.sluice.groups.queue;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A consumer that keeps its messages for as long as it is heard. For one thread. */
final class Session extends Timed {
    private final Facts facts;
    final String consumer;
    final Set<Message> messages = new LinkedHashSet<>();
    int timeoutMs;

    Session(Facts facts, String consumer) {
        this.facts = facts;
        this.consumer = consumer;
    }

    /** A message is the consumer's for as long as it is heard. */
    void keep(Message message) {
        messages.add(message);
        message.session = this;
    }

    List<Message> held() {
        return new ArrayList<>(messages);
    }

    @Override
    void due(QueueEffects effects) {
        facts.times().silent(this, effects);
    }
}
