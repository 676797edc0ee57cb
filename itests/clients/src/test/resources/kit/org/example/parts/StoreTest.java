package org.example.parts;

import java.nio.file.Path;
import org.felucca.api.content.BlobStore;
import org.felucca.content.Stores;
import org.felucca.contracts.BlobStoreContract;

public class StoreTest extends BlobStoreContract {
  @Override
  protected BlobStore open(Path top) {
    return new ForgetfulStore(Stores.open(top), false);
  }

  @Override
  protected void close(BlobStore opened) {
    Stores.close(((ForgetfulStore) opened).store);
  }
}
