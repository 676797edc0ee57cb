package org.felucca.api.containerd;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.containerd.wire.content.WriteAction;
import org.felucca.api.containerd.wire.content.WriteContentRequest;
import org.felucca.api.containerd.wire.content.WriteContentResponse;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Digest;
import org.felucca.api.content.IngestStatus;
import org.felucca.api.content.LabelledIngest;
import org.jspecify.annotations.Nullable;

/**
 * One stream of Write: one ingest, from its first message to COMMIT or to the client's end. What
 * was written stays, to be resumed under its reference, however the stream ends.
 */
final class BlobWrite {
  private static final Logger LOG = Logger.getLogger(BlobWrite.class.getName());

  private final ContentService content;
  private final Scope scope;
  private final Requests<WriteContentRequest> requests;
  private final Answers<WriteContentResponse> answers;

  /** The digest and length that the blob shall have, as the latest message said them. */
  private @Nullable Digest expected;

  private long total;

  BlobWrite(
      ContentService content,
      Scope scope,
      Requests<WriteContentRequest> requests,
      Answers<WriteContentResponse> answers) {
    this.content = content;
    this.scope = scope;
    this.requests = requests;
    this.answers = answers;
  }

  void run() {
    WriteContentRequest request = requests.next();
    if (request == null || request.getRef().isEmpty()) {
      throw EngineException.invalid("the first message must have a reference");
    }
    String ref = request.getRef();
    expected = digest(request);
    total = length(request);
    try (LabelledIngest ingest = content.ingest(scope, ref, total, expected)) {
      while (request != null) {
        requireSameRef(ref, request);
        expect(ingest, ref, request);
        answers.send(answer(ingest, request));
        request = request.getAction() == WriteAction.COMMIT ? null : requests.next();
      }
    }
  }

  private static @Nullable Digest digest(WriteContentRequest request) {
    return request.getExpected().isEmpty() ? null : Digest.parse(request.getExpected());
  }

  private static long length(WriteContentRequest request) {
    if (request.getTotal() < 0) {
      throw EngineException.invalid("the total is negative: " + request.getTotal());
    }
    return request.getTotal();
  }

  private static void requireSameRef(String ref, WriteContentRequest request) {
    if (!request.getRef().isEmpty() && !request.getRef().equals(ref)) {
      throw EngineException.invalid(
          "a stream writes one ingest: %s was begun, %s can't follow"
              .formatted(Identifiers.quote(ref), Identifiers.quote(request.getRef())));
    }
  }

  /** Takes what a message says of the whole blob, which may be there already. */
  private void expect(LabelledIngest ingest, String ref, WriteContentRequest request) {
    if (request.getTotal() != 0) {
      total = length(request);
    }
    Digest digest = digest(request);
    if (digest == null) {
      return;
    }
    expected = digest;
    if (!exists(digest)) {
      return;
    }
    ingest.close();
    try {
      content.abort(scope, ref);
    } catch (EngineException e) {
      LOG.log(Level.FINE, "ingest gone already ref=" + ref, e);
    }
    throw EngineException.alreadyExists(
        "blob %s exists already in namespace %s".formatted(digest, scope.namespace()));
  }

  private boolean exists(Digest digest) {
    try {
      content.info(scope, digest);
      return true;
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
      return false;
    }
  }

  private WriteContentResponse answer(LabelledIngest ingest, WriteContentRequest request) {
    return switch (request.getAction()) {
      case STAT -> stat(ingest);
      case WRITE -> write(ingest, request);
      case COMMIT -> commit(ingest, request);
      case UNRECOGNIZED ->
          throw EngineException.invalid(
              "the action %d is none".formatted(request.getActionValue()));
    };
  }

  private WriteContentResponse stat(LabelledIngest ingest) {
    IngestStatus status = ingest.status();
    return WriteContentResponse.newBuilder()
        .setAction(WriteAction.STAT)
        .setOffset(status.offset())
        .setTotal(total)
        .setStartedAt(Wire.time(status.startedAt()))
        .setUpdatedAt(Wire.time(status.updatedAt()))
        .setDigest(ingest.digest().toString())
        .build();
  }

  private WriteContentResponse write(LabelledIngest ingest, WriteContentRequest request) {
    append(ingest, request);
    return WriteContentResponse.newBuilder()
        .setAction(WriteAction.WRITE)
        .setOffset(ingest.status().offset())
        .setDigest(ingest.digest().toString())
        .build();
  }

  private WriteContentResponse commit(LabelledIngest ingest, WriteContentRequest request) {
    append(ingest, request);
    long offset = ingest.status().offset();
    Digest made = ingest.commit(total, expected, request.getLabelsMap()).digest();
    return WriteContentResponse.newBuilder()
        .setAction(WriteAction.COMMIT)
        .setOffset(offset)
        .setDigest(made.toString())
        .build();
  }

  /** Offset 0 begins anew, also where nothing is written; any other offset must be the length. */
  private static void append(LabelledIngest ingest, WriteContentRequest request) {
    long offset = ingest.status().offset();
    if (request.getOffset() == 0 && offset > 0) {
      ingest.truncate(0);
    } else if (request.getOffset() != offset) {
      throw new EngineException(
          ErrorKind.OUT_OF_RANGE,
          "write @%d must occur at the current offset %d".formatted(request.getOffset(), offset));
    }
    if (!request.getData().isEmpty()) {
      write(ingest, request.getData());
    }
  }

  private static void write(LabelledIngest ingest, ByteString data) {
    try {
      UnsafeByteOperations.unsafeWriteTo(
          data,
          new ByteOutput() {
            @Override
            public void write(byte value) {
              ingest.write(ByteBuffer.wrap(new byte[] {value}));
            }

            @Override
            public void write(byte[] value, int offset, int length) {
              ingest.write(ByteBuffer.wrap(value, offset, length));
            }

            @Override
            public void writeLazy(byte[] value, int offset, int length) {
              write(value, offset, length);
            }

            @Override
            public void write(ByteBuffer value) {
              ingest.write(value);
            }

            @Override
            public void writeLazy(ByteBuffer value) {
              write(value);
            }
          });
    } catch (IOException e) {
      throw new EngineException(ErrorKind.INTERNAL, "passing on what a client wrote failed", e);
    }
  }
}
