package org.felucca.api.containerd;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnsafeByteOperations;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.TypedBytes;
import org.felucca.api.containerd.wire.types.Descriptor;
import org.felucca.api.containerd.wire.types.Mount;
import org.felucca.api.content.Digest;
import org.jspecify.annotations.Nullable;

/** The values that all services share, between the wire and the contracts. */
final class Wire {
  private static final String PREFIX = "type.googleapis.com/";

  private Wire() {}

  /** A point in time. */
  static Timestamp time(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  /** A point in time; INVALID_ARGUMENT if there is none such. */
  static Instant time(Timestamp timestamp) {
    try {
      return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
    } catch (DateTimeException | ArithmeticException e) {
      throw EngineException.invalid("the time " + timestamp.getSeconds() + " s is out of range");
    }
  }

  /** Carries a message that Felucca does not read; its type URL stays as it is. */
  static Any any(TypedBytes typed) {
    return Any.newBuilder()
        .setTypeUrl(typed.typeUrl())
        .setValue(UnsafeByteOperations.unsafeWrap(typed.value()))
        .build();
  }

  /**
   * Packs a message as containerd's clients read it: under its bare full name. {@link Any#pack}
   * would put {@code type.googleapis.com/} before it.
   */
  static Any any(Message message) {
    return Any.newBuilder()
        .setTypeUrl(message.getDescriptorForType().getFullName())
        .setValue(message.toByteString())
        .build();
  }

  /** What an Any carries, its type URL as the client wrote it. */
  static TypedBytes typed(Any any) {
    return new TypedBytes(any.getTypeUrl(), any.getValue().toByteArray());
  }

  /** What an Any carries under the bare name of its type, whichever way the client wrote it. */
  static TypedBytes bare(Any any) {
    String url = any.getTypeUrl();
    return new TypedBytes(
        url.startsWith(PREFIX) ? url.substring(PREFIX.length()) : url,
        any.getValue().toByteArray());
  }

  /** The paths of a field mask, in its order. */
  static Set<String> paths(FieldMask mask) {
    return new LinkedHashSet<>(mask.getPathsList());
  }

  /** A descriptor; INVALID_ARGUMENT if its digest or size is none. */
  static org.felucca.api.content.Descriptor descriptor(Descriptor wire) {
    return new org.felucca.api.content.Descriptor(
            wire.getMediaType(), Digest.parse(wire.getDigest()), wire.getSize())
        .withAnnotations(wire.getAnnotationsMap());
  }

  /** A descriptor. */
  static Descriptor descriptor(org.felucca.api.content.Descriptor descriptor) {
    return descriptor(
        descriptor.mediaType(), descriptor.digest(), descriptor.size(), descriptor.annotations());
  }

  /** A descriptor of its parts. */
  static Descriptor descriptor(
      String mediaType, Digest digest, long size, Map<String, String> annotations) {
    return Descriptor.newBuilder()
        .setMediaType(mediaType)
        .setDigest(digest.toString())
        .setSize(size)
        .putAllAnnotations(annotations)
        .build();
  }

  /** Mounts as contracts take them. */
  static List<org.felucca.api.snapshot.Mount> mounts(Collection<Mount> wire) {
    return wire.stream()
        .map(
            m ->
                new org.felucca.api.snapshot.Mount(
                    m.getType(), m.getSource(), m.getTarget(), m.getOptionsList()))
        .toList();
  }

  /** One mount, literally. */
  static Mount mount(org.felucca.api.snapshot.Mount mount) {
    return Mount.newBuilder()
        .setType(mount.type())
        .setSource(mount.source())
        .setTarget(mount.target())
        .addAllOptions(mount.options())
        .build();
  }

  /** Null for an empty text, which is how proto3 says "none". */
  static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  /** Bytes that nobody changes any more, without a copy. */
  static ByteString bytes(byte[] bytes) {
    return UnsafeByteOperations.unsafeWrap(bytes);
  }
}
