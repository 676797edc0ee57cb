package org.felucca.api.content;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/**
 * The name of a blob: an algorithm and the hash of its bytes (OCI image specification,
 * descriptor.md#digests). Always parsed before anything is done with it, so it is safe as part of a
 * path.
 *
 * @param algorithm how the hash was made
 * @param hex the hash in lower-case hexadecimal, exactly as long as the algorithm makes it
 */
public record Digest(Algorithm algorithm, String hex) implements Comparable<Digest> {
  /** The registered algorithms. */
  public enum Algorithm {
    /** The one that everybody uses. */
    SHA256("SHA-256", 64),
    /** The optional one. */
    SHA512("SHA-512", 128);

    private final String jca;
    private final int hexLength;

    Algorithm(String jca, int hexLength) {
      this.jca = jca;
      this.hexLength = hexLength;
    }

    /** The name in a digest, such as {@code sha256}. */
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** A fresh hash function of the JDK. */
    public MessageDigest newMessageDigest() {
      try {
        return MessageDigest.getInstance(jca);
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError(jca + " is part of every JDK", e);
      }
    }
  }

  /** Checks the length and the letters; throws INVALID_ARGUMENT. */
  public Digest {
    if (hex.length() != algorithm.hexLength
        || !hex.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
      throw EngineException.invalid(
          "digest %s is malformed: %s takes %d lower-case hexadecimal digits"
              .formatted(
                  Identifiers.quote(algorithm.id() + ":" + hex),
                  algorithm.id(),
                  algorithm.hexLength));
    }
  }

  /**
   * Reads {@code algorithm:hex}.
   *
   * @throws EngineException INVALID_ARGUMENT if it is anything else
   */
  public static Digest parse(String text) {
    int colon = text.indexOf(':');
    if (colon > 0) {
      for (Algorithm algorithm : Algorithm.values()) {
        if (text.substring(0, colon).equals(algorithm.id())) {
          return new Digest(algorithm, text.substring(colon + 1));
        }
      }
    }
    throw EngineException.invalid(
        "digest %s is malformed: write it as sha256:<64 hexadecimal digits> or sha512:<128>"
            .formatted(Identifiers.quote(text)));
  }

  /** The result of a finished hash function. */
  public static Digest of(Algorithm algorithm, byte[] hash) {
    return new Digest(algorithm, HexFormat.of().formatHex(hash));
  }

  /** The sha256 of these bytes. */
  public static Digest sha256(byte[] bytes) {
    return of(Algorithm.SHA256, Algorithm.SHA256.newMessageDigest().digest(bytes));
  }

  /** The first twelve digits, for tables. */
  public String shortHex() {
    return hex.substring(0, 12);
  }

  @Override
  public int compareTo(Digest other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return algorithm.id() + ":" + hex;
  }
}
