package io.clocktower.config;

import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Devices whose names have other characters than letters and digits, in environment variables. In
 * {@code CLOCKTOWER_DEVICES__VM_0__SOCKET} the device may be vm-0, vm_0 or vm.0: it is the one that another source has, with
 * quotation marks or without, and vm.0 if none has it.
 */
public final class DeviceNames implements ConfigSourceInterceptor {

    private static final long serialVersionUID = 1L;

    private static final Pattern DEVICE_KEY = Pattern.compile("clocktower\\.devices\\.(\"[^\"]+\"|[^.\"]+)(\\..+)");
    private static final String PREFIX = "clocktower.devices.";
    private static final String ENVIRONMENT = "EnvConfigSource";

    /** A key of a device. */
    private record Key(String name, String rest) {

        /** The key, or null if the property is not one of a device. */
        static Key of(String property) {
            Matcher matcher = DEVICE_KEY.matcher(property);
            return matcher.matches() ? new Key(matcher.group(1), matcher.group(2)) : null;
        }

        private boolean isQuoted() {
            return name.startsWith("\"");
        }

        private String plainName() {
            return isQuoted() ? name.substring(1, name.length() - 1) : name;
        }

        /** The name as a variable has it. */
        String variable() {
            return Variables.variable(plainName());
        }

        /** The same property in the other spelling. */
        String otherSpelling() {
            return PREFIX + (isQuoted() ? plainName() : "\"" + name + "\"") + rest;
        }

        String named(String otherName) {
            return PREFIX + otherName + rest;
        }
    }

    @Override
    public ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
        ConfigValue value = context.proceed(name);
        Key key = name.startsWith(PREFIX) ? Key.of(name) : null;
        ConfigValue other = key == null ? null : context.proceed(key.otherSpelling());
        if (other == null) {
            return value;
        }
        return value == null || other.getConfigSourceOrdinal() > value.getConfigSourceOrdinal()
                ? other.withName(name)
                : value;
    }

    @Override
    public Iterator<String> iterateNames(ConfigSourceInterceptorContext context) {
        List<String> names = new ArrayList<>();
        context.iterateNames().forEachRemaining(names::add);
        Map<String, String> devices = new HashMap<>();
        List<Key> ofEnvironment = new ArrayList<>();
        Set<String> result = new LinkedHashSet<>();
        for (String name : names) {
            Key key = name.startsWith(PREFIX) ? Key.of(name) : null;
            if (key == null) {
                result.add(name);
            } else if (isOfEnvironment(context.proceed(name))) {
                ofEnvironment.add(key);
            } else {
                devices.putIfAbsent(key.variable(), key.name());
                result.add(name);
            }
        }
        ofEnvironment.forEach(key -> result.add(key.named(devices.getOrDefault(key.variable(), key.name()))));
        return result.iterator();
    }

    private static boolean isOfEnvironment(ConfigValue value) {
        return value != null && value.getConfigSourceName() != null
                && value.getConfigSourceName().startsWith(ENVIRONMENT);
    }
}
