package io.clocktower.kubevirt;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes a domain's memory one that QEMU can share with Clocktower: access is shared, and it is not anonymous. */
final class SharedMemory {

    private static final String NONE = "";
    private static final String SHARED = "shared";
    private static final String PRIVATE = "private";
    private static final String SOURCE = "<source type=\"memfd\"/>";
    private static final String ACCESS = "<access mode=\"shared\"/>";
    /** After these stands memoryBacking where libvirt writes it. */
    private static final List<String> BEFORE = List.of("maxMemory", "memory", "currentMemory", "blkiotune", "memtune");

    private final XmlDocument domain;

    private SharedMemory(XmlDocument domain) {
        this.domain = domain;
    }

    /** Adds or sets what is not as it has to be. */
    static void set(XmlDocument domain) {
        var memory = new SharedMemory(domain);
        memory.setBacking();
        memory.setCells();
    }

    private void setBacking() {
        Optional<XmlElement> backing = domain.root().child(NONE, "memoryBacking");
        if (backing.isEmpty()) {
            addBacking();
            return;
        }
        List<String> missing = new ArrayList<>();
        if (backing.get().child(NONE, "source").isEmpty()) {
            missing.add(SOURCE);
        }
        Optional<XmlElement> access = backing.get().child(NONE, "access");
        if (access.isEmpty()) {
            missing.add(ACCESS);
        }
        access.ifPresent(found -> found.attribute("mode").ifPresentOrElse(mode -> {
            if (!mode.value().equals(SHARED)) {
                domain.set(mode, SHARED);
            }
        }, () -> domain.add(found, "mode", SHARED)));
        if (!missing.isEmpty()) {
            domain.append(backing.get(), missing);
        }
    }

    private void addBacking() {
        List<String> lines = List.of("<memoryBacking>", "  " + SOURCE, "  " + ACCESS, "</memoryBacking>");
        domain.root().children().stream()
                .filter(child -> child.namespace().isEmpty() && BEFORE.contains(child.localName()))
                .reduce((_, last) -> last)
                .ifPresentOrElse(last -> domain.addAfter(last, lines), () -> domain.append(domain.root(), lines));
    }

    /** A cell of NUMA that says nothing is as memoryBacking is. */
    private void setCells() {
        domain.root().children(NONE, "cpu").flatMap(cpu -> cpu.children(NONE, "numa"))
                .flatMap(numa -> numa.children(NONE, "cell")).flatMap(cell -> cell.attribute("memAccess").stream())
                .filter(access -> access.value().equals(PRIVATE)).forEach(access -> domain.set(access, SHARED));
    }
}
