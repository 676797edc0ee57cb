package org.example.parts;

import java.util.List;
import java.util.function.Consumer;
import org.felucca.api.content.BlobInfo;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.BlobStore;
import org.felucca.api.content.Digest;
import org.felucca.api.content.Ingest;
import org.felucca.api.content.IngestStatus;

/** A store over another one; a broken one leaves a blob out and deletes twice what was there once. */
public class ForgetfulStore implements BlobStore {
  final BlobStore store;
  private final boolean broken;

  public ForgetfulStore(BlobStore store, boolean broken) {
    this.store = store;
    this.broken = broken;
  }

  @Override
  public BlobInfo stat(Digest digest) {
    return store.stat(digest);
  }

  @Override
  public BlobReader open(Digest digest) {
    return store.open(digest);
  }

  @Override
  public Ingest ingest(String ref, long total, Digest expected) {
    return store.ingest(ref, total, expected);
  }

  @Override
  public List<IngestStatus> ingests() {
    return store.ingests();
  }

  @Override
  public void abort(String ref) {
    store.abort(ref);
  }

  @Override
  public void delete(Digest digest) {
    try {
      store.delete(digest);
    } catch (RuntimeException e) {
      if (!broken) {
        throw e;
      }
    }
  }

  @Override
  public void walk(Consumer<BlobInfo> visitor) {
    boolean[] left = {broken};
    store.walk(
        blob -> {
          if (!left[0]) {
            visitor.accept(blob);
          }
          left[0] = false;
        });
  }
}
