package io.clocktower.security;

import io.clocktower.config.ClocktowerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** The bearer tokens of the configuration and of its file, which is read again when it changes. */
final class Tokens {

    private static final Logger LOG = Logger.getLogger(Tokens.class);
    private static final String PROPERTY = "clocktower.auth.tokens";
    private static final String FILE_PROPERTY = PROPERTY + "-file";

    private final List<Token> configured = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();
    private final Optional<TokensFile> file;
    private volatile List<Token> all = List.of();
    private Object version = "never read";
    private boolean isWarned;

    /** Reads them for the first time; what is wrong with them is in {@link #faults}. */
    Tokens(ClocktowerConfig.Auth config) {
        file = config.tokensFile().map(TokensFile::new);
        new TreeMap<>(config.tokens()).forEach(this::add);
        all = List.copyOf(configured);
        try {
            readChanged();
        } catch (TokensFile.InvalidException e) {
            faults.add("%s: %s: %s".formatted(FILE_PROPERTY, config.tokensFile().orElseThrow(), e.getMessage()));
        }
    }

    private void add(String name, ClocktowerConfig.Token token) {
        String property = "%s.%s".formatted(PROPERTY, name);
        if (!Token.isName(name)) {
            faults.add(property + ": a name of letters, digits, '.', '_' and '-' was expected, of 63 at the most");
            return;
        }
        Optional<Token.Hash> hash = Token.Hash.parse(token.sha256());
        if (hash.isEmpty()) {
            faults.add(property + ".sha256: (not shown), expected the 64 hex digits of a SHA-256");
            return;
        }
        configured.stream().filter(other -> other.hash().equals(hash.get())).findFirst()
                .ifPresent(other -> faults.add("%s.sha256: (not shown) is that of %s.%s too, expected one of its own"
                        .formatted(property, PROPERTY, other.name())));
        configured.add(new Token(name, token.role(), hash.get()));
    }

    /** Each names a property, and what was expected. */
    List<String> faults() {
        return faults;
    }

    int count() {
        return all.size();
    }

    boolean hasFile() {
        return file.isPresent();
    }

    /**
     * Who has that token. All are compared, each whole, so that the time it takes tells nothing.
     */
    Optional<Token> find(String bearer) {
        Token.Hash hash = Token.Hash.of(bearer);
        Token found = null;
        for (Token token : all) {
            if (token.hash().equals(hash)) {
                found = token;
            }
        }
        return Optional.ofNullable(found);
    }

    /** Reads the file again if it is another than it was. One that cannot be used changes nothing. */
    void refresh() {
        try {
            if (readChanged()) {
                LOG.infof("tokens: %s was read again: %d tokens in all", file.orElseThrow().path(), all.size());
            }
        } catch (TokensFile.InvalidException e) {
            LOG.warnf("tokens: %s: %s; the tokens stay as they were", file.orElseThrow().path(), e.getMessage());
        }
    }

    private synchronized boolean readChanged() throws TokensFile.InvalidException {
        if (file.isEmpty()) {
            return false;
        }
        Object now = file.get().version();
        if (now.equals(version)) {
            return false;
        }
        version = now;
        if (file.get().isForAll() && !isWarned) {
            isWarned = true;
            LOG.warnf("tokens: %s can be read by every user of this host; chmod o-r", file.get().path());
        }
        all = Stream.concat(configured.stream(), file.get().read(configured).stream()).toList();
        return true;
    }
}
