package io.sluice.core.config;

import io.sluice.core.config.SettingDescription.Synonym;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a registry has read: for each of its settings the value that was given, or else the default. Immutable. */
public final class SettingValues {
    private final Settings settings;
    private final Map<String, String> given;

    SettingValues(Settings settings, Map<String, String> given) {
        this.settings = settings;
        this.given = Collections.unmodifiableMap(new TreeMap<>(given));
    }

    /** The registry that these are values of. */
    public Settings settings() {
        return settings;
    }

    /** The canonical texts of what was given, by name. */
    public Map<String, String> given() {
        return given;
    }

    /**
     * The value that was given, or the default.
     *
     * @throws IllegalStateException if neither is there, or the setting is not one of this registry
     */
    public <T> T get(Setting<T> setting) {
        return find(setting)
                .or(setting::defaultValue)
                .orElseThrow(() -> new IllegalStateException(setting + " has no value and no default"));
    }

    /** The value that was given, if one was. */
    public <T> Optional<T> find(Setting<T> setting) {
        if (settings.find(setting.name()).isEmpty()) {
            throw new IllegalStateException(setting + " is not a setting of this registry");
        }
        return Optional.ofNullable(given.get(setting.name())).map(setting::parse);
    }

    /**
     * Every setting of the registry as it holds, in its order: what is printed at the start. Sensitive values are left
     * out.
     *
     * @param giver who gave what was given
     */
    public List<SettingDescription> describe(SettingSource giver) {
        return settings.all().stream().map(setting -> describe(setting, giver)).toList();
    }

    private SettingDescription describe(Setting<?> setting, SettingSource giver) {
        List<Synonym> synonyms = new ArrayList<>();
        if (!setting.sensitive()) {
            Optional.ofNullable(given.get(setting.name()))
                    .ifPresent(text -> synonyms.add(new Synonym(setting.name(), text, giver)));
            setting.defaultText()
                    .ifPresent(text -> synonyms.add(new Synonym(setting.name(), text, SettingSource.DEFAULT)));
        }
        return new SettingDescription(
                setting,
                synonyms.stream().map(Synonym::value).findFirst(),
                given.containsKey(setting.name()) ? giver : SettingSource.DEFAULT,
                synonyms);
    }
}
