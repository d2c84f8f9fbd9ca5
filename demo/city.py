"""The demo city: Xiaogan's districts, departments, duties and people. People are invented."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.hashers import make_password
from django.db import transaction

from demo import places
from dispatch.directory import versions
from dispatch.directory.book import Line
from dispatch.models import DirectoryEntry
from hotline.accounts.models import Department, Region, User
from hotline.accounts.permissions import Role
from hotline.accounts.views import DEMO_PASSWORD
from tickets.calls import categories
from tickets.models import Category

CITY = ("420900", "孝感市")
DISTRICTS = (
    ("420902", "孝南区"),
    ("420921", "孝昌县"),
    ("420922", "大悟县"),
    ("420923", "云梦县"),
    ("420981", "应城市"),
    ("420982", "安陆市"),
    ("420984", "汉川市"),
)
STREETS = (
    "书院街道", "新华街道", "广场街道", "车站街道", "新铺镇", "西河镇", "杨店镇", "陡岗镇", "肖港镇", "毛陈镇",
    "三汊镇", "祝站镇", "朋兴乡", "卧龙乡", "闵集乡",
)  # fmt: skip
# Longitude and latitude of the seats, roughly: the map divides the land by them. Those of the inner streets are drawn
# further apart than they are. The outline is drawn by hand and is no boundary.
SEATS = {
    "孝南区": (113.93, 30.93), "孝昌县": (113.99, 31.25), "大悟县": (114.13, 31.56), "云梦县": (113.73, 31.04),
    "应城市": (113.55, 30.92), "安陆市": (113.69, 31.27), "汉川市": (113.77, 30.62),
    "书院街道": (113.94, 30.95), "新华街道": (113.90, 30.95), "广场街道": (113.90, 30.91), "车站街道": (113.94, 30.91),
    "新铺镇": (113.87, 31.00), "西河镇": (113.83, 31.06), "杨店镇": (114.07, 30.93), "陡岗镇": (113.83, 30.97),
    "肖港镇": (113.94, 31.06), "毛陈镇": (113.96, 30.85), "三汊镇": (114.03, 30.84), "祝站镇": (114.08, 31.02),
    "朋兴乡": (113.89, 30.84), "卧龙乡": (113.84, 30.90), "闵集乡": (113.82, 30.82),
}  # fmt: skip
OUTLINE = (
    (113.32, 31.08), (113.30, 30.90), (113.40, 30.75), (113.42, 30.60), (113.52, 30.45), (113.75, 30.38),
    (113.98, 30.45), (114.02, 30.62), (113.98, 30.75), (114.15, 30.82), (114.23, 30.98), (114.12, 31.10),
    (114.22, 31.25), (114.42, 31.40), (114.52, 31.60), (114.38, 31.80), (114.10, 31.85), (113.90, 31.70),
    (113.85, 31.50), (113.58, 31.48), (113.42, 31.35),
)  # fmt: skip
SEAT = "孝南区"  # the district that has streets, bureaus and staff of its own here

# short name → full name
CITY_BUREAUS = {
    "城管": "市城市管理执法委员会", "住建": "市住房和城乡建设局", "交通": "市交通运输局", "公安": "市公安局",
    "交警": "市公安局交通警察支队", "生态": "市生态环境局", "人社": "市人力资源和社会保障局",
    "卫健": "市卫生健康委员会", "医保": "市医疗保障局", "教育": "市教育局", "市监": "市市场监督管理局",
    "民政": "市民政局", "农业": "市农业农村局", "水利": "市水利和湖泊局", "资规": "市自然资源和规划局",
    "政务": "市政务服务和大数据管理局", "文旅": "市文化和旅游局", "税务": "市税务局", "司法": "市司法局",
    "消防": "市消防救援支队", "退役": "市退役军人事务局", "公积金": "市住房公积金中心", "金融": "市地方金融工作局",
}  # fmt: skip
UTILITIES = {
    "供水": "市供水集团有限公司",
    "供电": "国网孝感供电公司",
    "燃气": "市天然气有限公司",
    "公交": "市公共交通总公司",
}
SEAT_BUREAUS = {
    "住建": "孝南区住房和城乡建设局",
    "城管": "孝南区城市管理执法局",
    "教育": "孝南区教育局",
    "农业": "孝南区农业农村局",
}
SECTIONS = {
    "孝南区住房和城乡建设局": ("市政工程科", "物业管理科"),
    "市城市管理执法委员会": ("市容管理科", "环卫管理处"),
}

# first-level or second-level category name → short name of the bureau; the more specific wins
DUTIES = {
    "城乡建设": "住建", "规划建设": "资规", "城市管理": "城管", "交通出行": "交通", "公共交通": "公交",
    "交通秩序": "交警", "停车管理": "城管", "车辆管理": "交警", "供水": "供水", "供电": "供电", "燃气": "燃气",
    "供热": "住建", "通信与邮政": "政务", "市政公用": "住建", "住房与物业": "住建", "征地拆迁": "资规",
    "生态环境": "生态", "人力社保": "人社", "医疗卫生": "卫健", "医疗保险": "医保", "教育文体": "教育",
    "文化旅游": "文旅", "市场监管": "市监", "金融秩序": "金融", "公安政法": "公安", "交通管理": "交警",
    "法律服务": "司法", "消防安全": "消防", "民政与社会": "民政", "退役军人": "退役", "农业农村": "农业",
    "林业水利": "水利", "政务服务": "政务", "税费": "税务", "公积金": "公积金",
}  # fmt: skip
SEAT_DUTIES = {
    "城市管理": "城管",
    "住房与物业": "住建",
    "教育文体": "教育",
    "农业农村": "农业",
    "建筑工地": "住建",
    "房屋安全与质量": "住建",
}
# Matters of the neighbourhood that streets handle themselves.
STREET_DUTIES = ("小区设施", "老旧小区", "基层组织", "养老助残")

# user name, full name, role, department
PEOPLE = (
    ("operator1", "陈晓雯", Role.OPERATOR, None), ("operator2", "刘佳", Role.OPERATOR, None),
    ("operator3", "黄思琪", Role.OPERATOR, None), ("operator4", "周敏", Role.OPERATOR, None),
    ("operator5", "吴倩", Role.OPERATOR, None), ("operator6", "郑楠", Role.OPERATOR, None),
    ("dispatcher1", "王建国", Role.DISPATCHER, None), ("dispatcher2", "李红梅", Role.DISPATCHER, None),
    ("zhujian", "张卫东", Role.STAFF, "孝南区住房和城乡建设局"), ("chengguan", "胡志强", Role.STAFF, "市城市管理执法委员会"),
    ("shizhujian", "徐立新", Role.STAFF, "市住房和城乡建设局"), ("gongan", "马俊", Role.STAFF, "市公安局"),
    ("jiaojing", "罗勇", Role.STAFF, "市公安局交通警察支队"), ("jiaotong", "宋刚", Role.STAFF, "市交通运输局"),
    ("shengtai", "唐雪", Role.STAFF, "市生态环境局"), ("renshe", "韩梅", Role.STAFF, "市人力资源和社会保障局"),
    ("weijian", "曹丽", Role.STAFF, "市卫生健康委员会"), ("jiaoyu", "邓文", Role.STAFF, "市教育局"),
    ("shijian", "彭涛", Role.STAFF, "市市场监督管理局"), ("gongshui", "蒋波", Role.STAFF, "市供水集团有限公司"),
    ("gongdian", "沈阳", Role.STAFF, "国网孝感供电公司"), ("shuyuan", "何静", Role.STAFF, "书院街道办事处"),
    ("xinhua", "余芳", Role.STAFF, "新华街道办事处"), ("quchengguan", "田野", Role.STAFF, "孝南区城市管理执法局"),
    ("shizheng", "石磊", Role.STAFF, "孝南区住房和城乡建设局市政工程科"), ("xiaonan", "万里", Role.STAFF, "孝南区人民政府"),
    ("supervisor1", "孙明", Role.SUPERVISOR, None), ("supervisor2", "朱琳", Role.SUPERVISOR, None),
    ("manager1", "赵国栋", Role.MANAGER, None), ("manager2", "钱伟", Role.MANAGER, None),
    ("admin", "系统管理员", Role.ADMINISTRATOR, None), ("admin1", "罗建平", Role.ADMINISTRATOR, None),
    ("auditor1", "冯守正", Role.AUDITOR, None),
    ("telephony", "话务平台", Role.TELEPHONY, None),
)  # fmt: skip
# One of each role first on the sign-in page.
LISTED = ("operator1", "dispatcher1", "zhujian", "chengguan", "supervisor1", "manager1", "admin", "admin1", "auditor1")


@transaction.atomic
def lay_in() -> None:
    """Regions, departments, categories, directory, place book and people; nothing where the city is there already."""
    categories.load_default()
    city = _regions()
    bureaus = _departments(city)
    _directory(city, bureaus)
    places.lay_in()
    _people()


def _regions() -> Region:
    city, _made = Region.objects.get_or_create(code=CITY[0], defaults={"name": CITY[1], "level": Region.Level.CITY})
    for code, name in DISTRICTS:
        district, _made = Region.objects.get_or_create(
            code=code, defaults={"name": name, "level": Region.Level.DISTRICT, "parent": city}
        )
        if name == SEAT:
            for serial, street in enumerate(STREETS, 1):
                Region.objects.get_or_create(
                    code=f"{code}{serial:03d}",
                    defaults={"name": street, "level": Region.Level.STREET, "parent": district},
                )
    for name, (longitude, latitude) in SEATS.items():
        Region.objects.filter(name=name, longitude=None).update(longitude=longitude, latitude=latitude)
    Region.objects.filter(pk=city.pk, outline__isnull=True).update(outline=[list(corner) for corner in OUTLINE])
    return city


def _department(name: str, level: str, parent: Department | None, region: Region) -> Department:
    found, _made = Department.objects.get_or_create(
        name=name, defaults={"level": level, "parent": parent, "region": region}
    )
    return found


def _departments(city: Region) -> dict[str, Department]:
    """Makes the tree; returns the city's bureaus by short name and the seat's as `区` + short name."""
    level = Department.Level
    root = _department("孝感市人民政府", level.CITY, None, city)
    named = {short: _department(name, level.BUREAU, root, city) for short, name in CITY_BUREAUS.items()}
    named |= {short: _department(name, level.UTILITY, root, city) for short, name in UTILITIES.items()}
    for region in Region.objects.filter(level=Region.Level.DISTRICT).order_by("code"):
        government = _department(f"{region.name}人民政府", level.DISTRICT, root, region)
        if region.name == SEAT:
            for short, name in SEAT_BUREAUS.items():
                named[f"区{short}"] = _department(name, level.BUREAU, government, region)
            for street in region.children.order_by("code"):
                office = "人民政府" if street.name[-1] in "镇乡" else "办事处"
                _department(f"{street.name}{office}", level.STREET, government, street)
    for bureau, sections in SECTIONS.items():
        parent = Department.objects.get(name=bureau)
        for section in sections:
            _department(f"{bureau}{section}", level.SECTION, parent, parent.region)
    return named


def _directory(city: Region, bureaus: dict[str, Department]) -> None:
    """City duties by bureau; in the seat some by its own bureaus and streets; elsewhere by the county.

    The seat's bureau sends road works down to its section (二级派单).
    """
    if DirectoryEntry.objects.exists():
        return
    tops = {category.name: category for category in Category.objects.all() if category.level <= 2}
    seat = Region.objects.get(name=SEAT)
    duties: list[tuple[Department | None, Category, Region, Department, str]] = []
    duties += [
        (None, tops[name], city, bureaus[short], "市级部门“三定”规定") for name, short in DUTIES.items() if name in tops
    ]
    duties += [(None, tops[name], seat, bureaus[f"区{short}"], "孝南区权责清单") for name, short in SEAT_DUTIES.items()]
    streets = Department.objects.filter(level=Department.Level.STREET).select_related("region")
    duties += [
        (None, tops[name], office.region, office, "乡镇（街道）履职事项清单")
        for office in streets
        for name in STREET_DUTIES
    ]
    counties = Department.objects.filter(level=Department.Level.DISTRICT).exclude(region=seat).select_related("region")
    local = [category for category in tops.values() if category.level == 1 and category.name in COUNTY_DUTIES]
    duties += [(None, category, county.region, county, "属地管理") for county in counties for category in local]
    for sender, names in SENT_DOWN.items():
        bureau = Department.objects.get(name=sender)
        duties += [
            (bureau, tops[name], bureau.region, Department.objects.get(name=f"{sender}{section}"), "内设机构职责")
            for name, section in names
        ]
    lines = [
        Line(sender.pk if sender else None, category.pk, region.pk, department.pk, (), basis, IN_FORCE_SINCE, None)
        for sender, category, region, department, basis in duties
    ]
    draft = versions.draft_whole(lines, note="按“三定”规定和权责清单建立", actor=None)
    assert draft is not None
    versions.put_in_force(draft, actor=None)


IN_FORCE_SINCE = date(2020, 1, 1)
# bureau → second-level categories that it sends down to a section
SENT_DOWN = {
    "孝南区住房和城乡建设局": (("道路与桥梁", "市政工程科"), ("建筑工地", "市政工程科"), ("住房与物业", "物业管理科")),
    "市城市管理执法委员会": (("市容秩序", "市容管理科"), ("环境卫生", "环卫管理处")),
}
COUNTY_DUTIES = ("城乡建设", "城市管理", "住房与物业", "农业农村", "民政与社会")


def _people() -> None:
    departments = {department.name: department for department in Department.objects.all()}
    password = make_password(DEMO_PASSWORD)  # once: all demo accounts have the same, and hashing is slow on purpose
    for username, full_name, role, department in PEOPLE:
        if User.objects.filter(username=username).exists():
            continue
        person = User(
            username=username, full_name=full_name, role=role, is_demo=True,
            department=departments[department] if department else None, password=password,
        )  # fmt: skip
        person.save()
