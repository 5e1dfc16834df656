package io.clocktower.kubevirt;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The arguments in a domain's {@code qemu:commandline}, to which those of the device are added that are not there yet. Its
 * elements are known by their namespace, whatever their prefix is.
 */
final class QemuCommandline {

    static final String NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0";

    private static final String PREFIX = "qemu";
    private static final String COMMANDLINE = "commandline";
    private static final String ARGUMENT = "arg";

    private final XmlDocument domain;
    private final Optional<XmlElement> commandline;
    private final List<XmlElement> arguments;
    private final List<QemuOption> options;

    private QemuCommandline(XmlDocument domain) {
        this.domain = domain;
        commandline = domain.root().child(NAMESPACE, COMMANDLINE);
        arguments = domain.root().children(NAMESPACE, COMMANDLINE).flatMap(found -> found.children(NAMESPACE, ARGUMENT))
                .toList();
        options = QemuOption.of(arguments);
    }

    /**
     * Adds what the device needs and the domain does not have.
     *
     * @throws HookException if the domain uses the device's ids for something else
     */
    static void add(XmlDocument domain, RtcDevice device) {
        new QemuCommandline(domain).add(device);
    }

    private void add(RtcDevice device) {
        Optional<QemuOption> chardev = options.stream().filter(option -> option.is("chardev", "path", device.socket()))
                .findFirst();
        if (chardev.isEmpty()) {
            requireUnused(RtcDevice.CHARDEV, "chardev");
        }
        String chardevId = chardev.map(option -> option.parameter("id")).orElse(RtcDevice.CHARDEV);
        Optional<QemuOption> rtc = options.stream().filter(option -> option.is("device", "chardev", chardevId))
                .findFirst();
        if (rtc.isEmpty()) {
            requireUnused(RtcDevice.DEVICE, "device");
        }
        boolean needsPort = rtc.map(option -> option.parameter("bus").equals(RtcDevice.PORT)).orElse(device.hasPort());
        List<String> values = new ArrayList<>();
        if (chardev.isEmpty()) {
            values.addAll(List.of("-chardev", device.chardevOptions()));
        }
        if (needsPort && options.stream().noneMatch(option -> option.is("device", "id", RtcDevice.PORT))) {
            values.addAll(List.of("-device", device.portOptions()));
        }
        if (rtc.isEmpty()) {
            values.addAll(List.of("-device", device.deviceOptions(chardevId)));
        }
        if (!values.isEmpty()) {
            insert(values, rtc.map(QemuOption::flag));
        }
    }

    private void requireUnused(String id, String option) {
        if (options.stream().anyMatch(other -> other.is(option, "id", id))) {
            throw new HookException("the domain's qemu:commandline has another -%s with the id %s, expected that only"
                    + " Clocktower uses this id", option, id);
        }
    }

    /** QEMU makes devices in their order, so a port has to come before its device. */
    private void insert(List<String> values, Optional<XmlElement> device) {
        if (device.isPresent()) {
            domain.addBefore(device.get(), elements(name(device.get().parent()), values));
        } else if (!arguments.isEmpty()) {
            domain.addAfter(arguments.getLast(), elements(name(arguments.getLast().parent()), values));
        } else if (commandline.isPresent()) {
            domain.append(commandline.get(), elements(name(commandline.get()), values));
        } else {
            String prefix = prefix();
            List<String> lines = new ArrayList<>();
            lines.add("<" + prefix + ":" + COMMANDLINE + ">");
            elements(prefix + ":" + ARGUMENT, values).forEach(line -> lines.add("  " + line));
            lines.add("</" + prefix + ":" + COMMANDLINE + ">");
            domain.append(domain.root(), lines);
        }
    }

    private static List<String> elements(String name, List<String> values) {
        return values.stream().map(value -> "<%s value=%s/>".formatted(name, XmlDocument.quoted(value))).toList();
    }

    /** The name of an argument in a commandline: its prefix, unlike that of other arguments, is declared there. */
    private static String name(XmlElement parent) {
        return parent.prefix().isEmpty() ? ARGUMENT : parent.prefix() + ":" + ARGUMENT;
    }

    /** The prefix of the namespace at the root, where it is declared if it is not yet. */
    private String prefix() {
        Map<String, String> declared = domain.root().namespaces();
        Optional<String> known = declared.entrySet().stream()
                .filter(entry -> entry.getValue().equals(NAMESPACE) && !entry.getKey().isEmpty())
                .map(Map.Entry::getKey).sorted().findFirst();
        return known.orElseGet(() -> {
            String prefix = PREFIX;
            for (int i = 1; declared.containsKey(prefix); i++) {
                prefix = PREFIX + i;
            }
            domain.add(domain.root(), "xmlns:" + prefix, NAMESPACE);
            return prefix;
        });
    }
}
