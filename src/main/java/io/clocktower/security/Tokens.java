package io.clocktower.security;

import io.clocktower.config.ClocktowerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The bearer tokens of the configuration, of the tokens file, which is read again when it changes, and those that are given
 * while the service runs. Thread-safe.
 */
final class Tokens {

    private static final Logger LOG = Logger.getLogger(Tokens.class);
    private static final String PROPERTY = "clocktower.auth.tokens";
    private static final String FILE_PROPERTY = PROPERTY + "-file";

    private final List<Token> configured = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private final Optional<TokensFile> file;
    private List<Token> ofFile = List.of();
    private List<Token> given = List.of();
    private volatile List<Token> all = List.of();
    private Object version = "never read";
    private boolean isWarned;

    /** Reads them for the first time; their errors are in {@link #errors}. */
    Tokens(ClocktowerConfig.Auth config) {
        file = config.tokensFile().map(TokensFile::new);
        new TreeMap<>(config.tokens()).forEach(this::add);
        all = List.copyOf(configured);
        try {
            readChanged();
        } catch (TokensFile.InvalidException e) {
            errors.add("%s: %s: %s".formatted(FILE_PROPERTY, config.tokensFile().orElseThrow(), e.getMessage()));
        }
    }

    private void add(String name, ClocktowerConfig.Token token) {
        String property = "%s.%s".formatted(PROPERTY, name);
        if (!Token.isName(name)) {
            errors.add(property + ": invalid name, expected 1 to 63 letters, digits, '.', '_' and '-'");
            return;
        }
        Optional<Token.Hash> hash = Token.Hash.parse(token.sha256());
        if (hash.isEmpty()) {
            errors.add(property + ".sha256: (not shown), expected the 64 hex digits of a SHA-256");
            return;
        }
        configured.stream().filter(other -> other.hash().equals(hash.get())).findFirst()
                .ifPresent(other -> errors.add(
                        "%s.sha256: (not shown) is also the value of %s.%s, expected a different one for each token"
                                .formatted(property, PROPERTY, other.name())));
        configured.add(new Token(name, token.role(), hash.get()));
    }

    /** Each names a property and says what is expected. */
    List<String> errors() {
        return errors;
    }

    int count() {
        return all.size();
    }

    boolean hasFile() {
        return file.isPresent();
    }

    /** Whether a token is still known, with the same name, role and hash. */
    boolean contains(Token token) {
        return all.contains(token);
    }

    /**
     * The token with this value, if it is known. Compares all of them, so that the time does not depend on the value.
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

    /** Reads the file again if it has changed. An invalid file changes nothing. */
    void refresh() {
        try {
            if (readChanged()) {
                LOG.infof("tokens: %s was read again: %d tokens in total", file.orElseThrow().path(), all.size());
            }
        } catch (TokensFile.InvalidException e) {
            LOG.warnf("tokens: %s: %s; the previous tokens stay in use", file.orElseThrow().path(), e.getMessage());
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
            LOG.warnf("tokens: %s is readable by every user of this host; run chmod o-r", file.get().path());
        }
        ofFile = file.get().read(Stream.concat(configured.stream(), given.stream()).toList());
        collect();
        return true;
    }

    /**
     * Replaces the tokens that were given before.
     *
     * @param lines as in a file of tokens
     */
    synchronized void give(List<String> lines) throws TokensFile.InvalidException {
        given = TokensFile.parse(lines, Stream.concat(configured.stream(), ofFile.stream()).toList());
        collect();
    }

    private void collect() {
        all = Stream.of(configured, ofFile, given).flatMap(List::stream).toList();
    }

    /** Whether there is a file, or there are tokens. */
    boolean areConfigured() {
        return file.isPresent() || !all.isEmpty();
    }
}
