#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds a bill of materials against what its specification demands: check_sbom.py FILE (SPDX 2.3 or CycloneDX 1.5)

The rules are written down from the SPDX 2.3 specification (clauses 6-11, annex D) and the CycloneDX 1.5 reference."""
import json
import re
import sys

problems = []


def need(condition, text):
    if not condition:
        problems.append(text)


def expression_ok(text, refs):
    """Annex D: ids, LicenseRefs and parentheses around AND and OR."""
    tokens = re.findall(r'\(|\)|[^\s()]+', text)
    depth, wants_id = 0, True
    for token in tokens:
        if token == '(':
            if not wants_id:
                return False
            depth += 1
        elif token == ')':
            depth -= 1
            if wants_id or depth < 0:
                return False
        elif token in ('AND', 'OR'):
            if wants_id:
                return False
            wants_id = True
        else:
            if not wants_id or not re.fullmatch(r'[A-Za-z0-9.\-]+\+?', token):
                return False
            if token.startswith('LicenseRef-') and refs is not None and token not in refs:
                problems.append(f'{token} is not explained')
            wants_id = False
    return depth == 0 and not wants_id


def purl_ok(text):
    return re.fullmatch(r'pkg:[a-z]+/([^\s?#@]+/)*[^\s?#@/]+(@[^\s?#]+)?(\?[a-z_]+=[^\s&]+(&[a-z_]+=[^\s&]+)*)?', text)


def check_spdx(doc):
    for key in ('spdxVersion', 'dataLicense', 'SPDXID', 'name', 'documentNamespace', 'creationInfo'):
        need(key in doc, f'no {key}')
    need(doc['dataLicense'] == 'CC0-1.0' and doc['SPDXID'] == 'SPDXRef-DOCUMENT', 'wrong data licence or id')
    need(re.fullmatch(r'[a-z]+:[^#\s]+', doc['documentNamespace']), 'the namespace is no URI')
    need(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', doc['creationInfo']['created']), 'no time')
    need(all(re.match(r'(Tool|Person|Organization): .', c) for c in doc['creationInfo']['creators']), 'no creator')
    refs = {info['licenseId'] for info in doc.get('hasExtractedLicensingInfos', [])}
    need(all(info['extractedText'] for info in doc.get('hasExtractedLicensingInfos', [])), 'a LicenseRef without text')
    ids = ['SPDXRef-DOCUMENT']
    for package in doc['packages']:
        ids.append(package['SPDXID'])
        need(re.fullmatch(r'SPDXRef-[A-Za-z0-9.\-]+', package['SPDXID']), f'bad id {package["SPDXID"]}')
        need(package['name'] and package['downloadLocation'], 'a package without name or place')
        declared = package.get('licenseDeclared', 'NOASSERTION')
        need(declared == 'NOASSERTION' or expression_ok(declared, refs), f'no expression: {declared}')
        supplier = package.get('supplier', 'NOASSERTION')
        need(supplier == 'NOASSERTION' or re.match(r'(Person|Organization): .', supplier), f'bad supplier {supplier}')
        for reference in package.get('externalRefs', []):
            need(reference['referenceCategory'] == 'PACKAGE-MANAGER' and purl_ok(reference['referenceLocator']),
                 f'bad reference {reference}')
    need(len(ids) == len(set(ids)), 'ids occur twice')
    for relation in doc['relationships']:
        need(relation['spdxElementId'] in ids and relation['relatedSpdxElement'] in ids, f'dangling {relation}')
        need(relation['relationshipType'] in ('DESCRIBES', 'CONTAINS', 'BUILD_DEPENDENCY_OF'), f'bad {relation}')


def check_cyclonedx(doc):
    need(doc['bomFormat'] == 'CycloneDX' and doc['specVersion'] == '1.5' and doc['version'] == 1, 'wrong head')
    need(re.fullmatch(r'urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', doc['serialNumber']),
         'bad serial number')
    need(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', doc['metadata']['timestamp']), 'no time')
    refs = []
    for component in doc['components']:
        refs.append(component['bom-ref'])
        need(component['type'] in ('library', 'application', 'file') and component['name'], f'bad {component}')
        need(component['scope'] in ('required', 'optional', 'excluded'), f'bad scope of {component["name"]}')
        need(purl_ok(component['purl']), f'bad purl {component["purl"]}')
        for choice in component.get('licenses', []):
            if 'expression' in choice:
                need(len(component['licenses']) == 1 and expression_ok(choice['expression'], None), f'bad {choice}')
            else:
                need(('id' in choice['license']) != ('name' in choice['license']), f'bad {choice}')
    need(len(refs) == len(set(refs)), 'bom-refs occur twice')


document = json.load(open(sys.argv[1], encoding='utf-8'))
document = document.get('predicate', document)
if 'spdxVersion' in document:
    need(document['spdxVersion'] == 'SPDX-2.3', 'not SPDX 2.3')
    check_spdx(document)
else:
    check_cyclonedx(document)
for problem in problems[:20]:
    print(problem)
sys.exit(1 if problems else 0)
