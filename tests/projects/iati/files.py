"""IATI files for tests: one valid activity, and functions to change parts of it. The data are not real."""

ACTIVITY = """  <iati-activity default-currency="USD" last-updated-datetime="2025-06-01T00:00:00Z" xml:lang="en">
    <iati-identifier>XM-DAC-99999-{number}</iati-identifier>
    <reporting-org ref="XM-DAC-99999" type="10"><narrative>Fictional Agency</narrative></reporting-org>
    <title><narrative>Drip irrigation in the north {number}</narrative><narrative xml:lang="ko">{ko}</narrative></title>
    <description type="1"><narrative>Water is saved in fields.</narrative></description>
    <description type="2"><narrative>Less water for the same harvest.</narrative></description>
    <participating-org ref="XM-DAC-99999" role="1" type="10"><narrative>Fictional Agency</narrative></participating-org>
    <participating-org role="4" type="80"><narrative>Fictional Institute</narrative></participating-org>
    <other-identifier ref="PLAN-{number}" type="A1"/>
    <activity-status code="2"/>
    <activity-date iso-date="2024-03-01" type="1"/>
    <activity-date iso-date="2024-04-15" type="2"/>
    <activity-date iso-date="2027-02-28" type="3"/>
    <contact-info><person-name><narrative>Roe</narrative></person-name><email>jane@example.org</email></contact-info>
    <recipient-country code="UZ" percentage="60"/>
    <recipient-country code="KG" percentage="40"/>
    <sector vocabulary="1" code="31140" percentage="70"/>
    <sector vocabulary="1" code="31130" percentage="30"/>
    <tag vocabulary="3" code="6.4"/>
    <policy-marker vocabulary="1" code="8" significance="2"/>
    <policy-marker vocabulary="1" code="5" significance="0"/>
    <default-finance-type code="110"/>
    <budget type="1" status="2">
      <period-start iso-date="2024-03-01"/>
      <period-end iso-date="2025-02-28"/>
      <value value-date="2024-03-01">250000</value>
    </budget>
    <transaction>
      <transaction-type code="2"/>
      <transaction-date iso-date="2024-03-01"/>
      <value value-date="2024-03-01">250000</value>
    </transaction>
    <transaction>
      <transaction-type code="3"/>
      <transaction-date iso-date="2024-05-01"/>
      <value value-date="2024-05-01">1000.50</value>
    </transaction>
    <transaction>
      <transaction-type code="3"/>
      <transaction-date iso-date="2024-07-01"/>
      <value value-date="2024-07-01">99.50</value>
    </transaction>
    <document-link format="application/pdf" url="https://example.org/report.pdf">
      <title><narrative>First report</narrative></title>
      <category code="A01"/>
      <language code="en"/>
    </document-link>
    <related-activity ref="XM-DAC-99999-PROGRAMME" type="1"/>
    <result type="1">
      <title><narrative>Fields with drip lines</narrative></title>
      <indicator measure="1">
        <title><narrative>Hectares</narrative></title>
        <baseline year="2023" value="0"/>
        <period>
          <period-start iso-date="2024-01-01"/>
          <period-end iso-date="2024-12-31"/>
          <target value="500"/>
          <actual value="420"/>
        </period>
      </indicator>
    </result>
  </iati-activity>
"""
HEAD = '<?xml version="1.0" encoding="{encoding}"?>\n<iati-activities version="{version}">\n'
TAIL = "</iati-activities>\n"


def activity(number="1", *changes):
    """Return an activity; each change is a pair of a text and its replacement."""
    text = ACTIVITY.replace("{number}", number).replace("{ko}", "북부 점적관개")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def file(*activities, version="2.03", encoding="UTF-8"):
    """Return the bytes of a file with these activities, or with one."""
    head = HEAD.format(encoding=encoding, version=version)
    return (head + "".join(activities or (activity(),)) + TAIL).encode(encoding)
