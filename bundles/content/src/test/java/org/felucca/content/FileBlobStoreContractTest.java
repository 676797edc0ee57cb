package org.felucca.content;

import java.nio.file.Path;
import org.felucca.api.content.BlobStore;
import org.felucca.contracts.BlobStoreContract;

class FileBlobStoreContractTest extends BlobStoreContract {

  @Override
  protected BlobStore open(Path top) {
    return new FileBlobStore(top);
  }

  @Override
  protected void close(BlobStore opened) {
    ((FileBlobStore) opened).stop();
  }
}
