# SPDX-License-Identifier: Apache-2.0
# A layer that only implies a directory takes its mode from the image below, also when two images share the layer.
# shellcheck shell=bash disable=SC2154
need python3
[ "$(uname -m)" = x86_64 ] || skip "the hand-made images are for amd64"
mkdir -p a/usr b/usr top/usr/new
chmod 755 a/usr
chmod 711 b/usr
echo x >top/usr/new/file
tar -C a --owner=0 --group=0 -cf a.tar usr
tar -C b --owner=0 --group=0 -cf b.tar usr
tar -C top --owner=0 --group=0 -cf top.tar usr/new/file
python3 "$E2E_DIR/helpers/make_layout.py" la latest a.tar top.tar
python3 "$E2E_DIR/helpers/make_layout.py" lb latest b.tar top.tar
mkdir ctx
printf 'FROM img\n' >ctx/Dockerfile
for image in a b a; do
  build --build-context "img=oci-layout://$T/l$image:latest" -o "type=tar,dest=$T/$image.out" ctx
done
matches <(tar -tvf a.out) '^drwxr-xr-x .* usr/$'
matches <(tar -tvf b.out) '^drwx--x--x .* usr/$'
