package io.sluice.core.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** An ordered registry of settings: all that may be set in one place. Immutable. */
public final class Settings {
    private final Map<String, Setting<?>> byName;

    private Settings(Map<String, Setting<?>> byName) {
        this.byName = byName;
    }

    /**
     * A registry of these, in this order.
     *
     * @throws IllegalArgumentException if two have the same name
     */
    public static Settings of(List<? extends Setting<?>> settings) {
        Map<String, Setting<?>> byName = new LinkedHashMap<>();
        for (Setting<?> setting : settings) {
            if (byName.put(setting.name(), setting) != null) {
                throw new IllegalArgumentException("there are two settings " + setting.name());
            }
        }
        return new Settings(byName);
    }

    /** This registry followed by another. */
    public Settings and(Settings more) {
        List<Setting<?>> both = new ArrayList<>(all());
        both.addAll(more.all());
        return of(both);
    }

    /** All settings, in order. */
    public List<Setting<?>> all() {
        return List.copyOf(byName.values());
    }

    public Optional<Setting<?>> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /**
     * Reads texts by name.
     *
     * @throws io.sluice.core.BrokerException INVALID_CONFIG, which names every unknown setting and every bad value
     */
    public SettingValues parse(Map<String, String> texts) {
        SettingFaults faults = new SettingFaults();
        SettingValues values = parse(texts, faults);
        faults.throwIfAny();
        return values;
    }

    /** Reads texts by name and notes what is wrong; a setting with a fault counts as not set. */
    public SettingValues parse(Map<String, String> texts, SettingFaults faults) {
        Map<String, String> given = new LinkedHashMap<>();
        new TreeMap<>(texts).forEach((name, text) -> {
            Setting<?> setting = byName.get(name);
            if (setting == null) {
                faults.add(name, unknown(name));
                return;
            }
            try {
                given.put(name, setting.canonical(text));
            } catch (IllegalArgumentException e) {
                faults.add(
                        name,
                        name + " = " + (setting.sensitive() ? "[hidden]" : Text.shown(text)) + ": " + e.getMessage());
            }
        });
        return new SettingValues(this, given);
    }

    private String unknown(String name) {
        return "there is no setting " + Text.shown(name)
                + Suggestion.nearest(name, byName.keySet())
                        .map(meant -> "; did you mean " + meant + "?")
                        .orElse("");
    }
}
